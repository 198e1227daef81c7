"""Every sampler proposes what the space holds, from its seed alone; options are checked before the first trial."""

from __future__ import annotations

import importlib.util
import sys
import warnings

import optuna
import pytest

from ura_study.errors import ConfigError
from ura_study.search.config import PrunerSettings, SamplerSettings
from ura_study.search.pruners import make_pruner
from ura_study.search.samplers import CLASSES, make_sampler
from ura_study.search.space.space import read_space
from ura_study.study.config import VariantSettings
from ura_study.study.plan import changed

BASE = VariantSettings()
NUMBERS = {"training.lr": {"float": [0.001, 0.1], "log": True}, "model.synthesis.share": {"float": [0.1, 1.0]}}
MIXED = NUMBERS | {
    "model.perception": {"choice": [True, False]},
    "model.perception.width": {"choice": [8, 16], "when": {"model.perception": True}},
    "features.layers": {"choice": [[1, 2], [2, 3]]},
}
GRID = {
    "training.steps": {"int": [1, 5], "step": 2},
    "model.perception": {"choice": [True, False]},
    "model.perception.width": {"choice": [8, 16], "when": {"model.perception": True}},
}


def space(raw):
    return read_space(raw, BASE, "search.space")


def sampler(raw, space_raw=MIXED, seed=0, objectives=1):
    return make_sampler(SamplerSettings.model_validate(raw), space(space_raw), seed, objectives=objectives)


def proposals(the_sampler, the_space, trials, objectives=1):
    """Ask and tell; an objective with its best at lr = 0.01 and share = 0.5."""
    study = optuna.create_study(directions=["minimize"] * objectives, sampler=the_sampler)
    for _ in range(trials):
        trial = study.ask()
        changes = the_space.suggest(trial)
        changed(BASE, changes, "test")
        loss = abs(changes["training.lr"] - 0.01) + abs(changes["model.synthesis.share"] - 0.5)
        study.tell(trial, [loss] * objectives)
    return [trial.params for trial in study.trials]


def needs(name):
    missing = name == "cmaes" and importlib.util.find_spec("cmaes") is None
    return pytest.param(name, marks=pytest.mark.skipif(missing, reason="needs the package cmaes"))


@pytest.mark.parametrize("name", [needs(name) for name in CLASSES])
def test_the_seed_alone_decides(name):
    first, again, other = (proposals(sampler(name, seed=seed), space(MIXED), 13) for seed in (1, 1, 2))
    assert first == again
    if name != "qmc":  # an unscrambled sequence has no seed
        assert first != other


@pytest.mark.parametrize("name", ["tpe", "random", "gp", "nsga2", "qmc"])
def test_several_objectives(name):
    assert len(proposals(sampler(name, objectives=2), space(MIXED), 12, objectives=2)) == 12


@pytest.mark.parametrize("name", ["tpe", "nsga2", "gp", "cmaes", "qmc"])
def test_making_and_using_one_warns_of_nothing(name):
    if name == "cmaes":
        pytest.importorskip("cmaes")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        proposals(sampler(name), space(MIXED), 12)
        make_pruner(PrunerSettings())


def within_limit(limited, trials=60):
    """Return how many of the last 20 proposals are within a limit, where the best is beyond it."""
    study = optuna.create_study(direction="maximize", sampler=sampler("tpe", NUMBERS, seed=3))
    for _ in range(trials):
        trial = study.ask()
        share = space(NUMBERS).suggest(trial)["model.synthesis.share"]
        if limited:
            trial.set_constraint("share <= 0.4", share - 0.4)
        study.tell(trial, share)
    return sum(trial.params["model.synthesis.share"] <= 0.4 for trial in study.trials[-20:])


def test_limits_set_on_trials_are_heeded():
    assert within_limit(False) <= 3
    assert within_limit(True) >= 12


def test_the_grid_is_tried_once_and_goes_on_after_an_interruption():
    the_space = space(GRID)
    study = optuna.create_study(sampler=sampler("grid", GRID))
    study.enqueue_trial({"training.steps": 3, "model.perception": False})
    study.enqueue_trial({"training.steps": 5})  # the rest is chosen from the grid
    for number in range(9):
        if number == 4:  # another process with another seed
            study.sampler = sampler("grid", GRID, seed=4)
        assert len(study.sampler.remaining(study)) == 9 - number
        trial = study.ask()
        the_space.suggest(trial)
        study.tell(trial, 0.0)
    tried = [trial.params for trial in study.trials]
    assert tried[0] == {"training.steps": 3, "model.perception": False}
    assert tried[1]["training.steps"] == 5
    assert sorted(map(str, map(sorted, map(dict.items, tried)))) == sorted(
        str(sorted(params.items())) for params in the_space.grid()
    )
    assert not study.sampler.remaining(study)


def test_what_is_running_is_not_proposed_again():
    study = optuna.create_study(sampler=sampler("grid", GRID))
    for _ in range(9):
        space(GRID).suggest(study.ask())
    assert len({str(trial.params) for trial in study.trials}) == 9


def test_options_reach_the_sampler():
    made = sampler({"name": "tpe", "n_startup_trials": 3})
    assert isinstance(made, optuna.samplers.TPESampler)
    # three random trials, then the model: the fourth differs from a sampler that is still at random
    options = ({"n_startup_trials": 3}, {"n_startup_trials": 9})
    early, late = (proposals(sampler({"name": "tpe", "n_ei_candidates": 9} | o), space(NUMBERS), 6) for o in options)
    assert early[:3] == late[:3]
    assert early[3:] != late[3:]


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"name": "tpe", "n_startup": 3}, "search.sampler.n_startup: unknown key; did you mean 'n_startup_trials'"),
        (
            {"name": "tpe", "n_startup_trials": "a"},
            "search.sampler.n_startup_trials: expected a whole number, but got 'a'",
        ),
        (
            {"name": "tpe", "n_startup_trials": True},
            "search.sampler.n_startup_trials: expected a whole number, but got t",
        ),
        (
            {"name": "tpe", "n_startup_trials": -1},
            "search.sampler.n_startup_trials: expected a number >= 0, but got -1",
        ),
        ({"name": "tpe", "multivariate": 1}, "search.sampler.multivariate: expected true or false or null, but got 1"),
        ({"name": "tpe", "multivariate": False, "group": True}, "search.sampler: ``group`` option can only be enabled"),
        ({"name": "tpe", "prior_weight": 2.0}, "search.sampler: .*prior_weight.* has been deprecated"),
        ({"name": "tpe", "seed": 2}, "search.sampler.seed: unknown key"),
        (
            {"name": "nsga2", "population_size": 1},
            "search.sampler: `population_size` must be greater than or equal to 2",
        ),
        ({"name": "qmc", "qmc_type": "soboll"}, "search.sampler: The `qmc_type='soboll'` is invalid"),
        ({"name": "random", "n": 2}, "search.sampler.n: there are no options here"),
        ({"name": "grid", "n": 2}, "search.sampler.n: there are no options here"),
        ({"name": "grid"}, "search.space.training.lr: a grid needs a `step` here"),
    ],
)
def test_what_a_sampler_does_not_take(raw, line):
    with pytest.raises(ConfigError, match=f"^{line}"):
        sampler(raw)


def test_tpe_without_joint_sampling():
    assert isinstance(sampler({"name": "tpe", "multivariate": False}), optuna.samplers.TPESampler)


def test_cmaes_has_one_objective():
    with pytest.raises(ConfigError, match=r"^search.sampler: cmaes has one objective, but there are 2"):
        sampler("cmaes", objectives=2)


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cmaes", None)
    with pytest.raises(ConfigError, match=r"pip install 'ura-study\[search\]'$"):
        sampler("cmaes")


def test_pruners():
    assert isinstance(make_pruner(PrunerSettings()), optuna.pruners.WilcoxonPruner)
    assert isinstance(make_pruner(PrunerSettings.model_validate("none")), optuna.pruners.NopPruner)
    asha = PrunerSettings.model_validate({"name": "asha", "reduction_factor": 3, "min_resource": "auto"})
    assert isinstance(make_pruner(asha), optuna.pruners.SuccessiveHalvingPruner)
    with pytest.raises(ConfigError, match=r"^search.pruner: p_threshold must be between 0 and 1 but got 2"):
        make_pruner(PrunerSettings.model_validate({"name": "wilcoxon", "p_threshold": 2}))
    with pytest.raises(ConfigError, match=r"^search.pruner.p_treshold: unknown key; did you mean 'p_threshold'"):
        make_pruner(PrunerSettings.model_validate({"name": "wilcoxon", "p_treshold": 0.2}))
