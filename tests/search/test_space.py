"""A search space says the same in YAML, in Optuna's parameters and in changes of the baseline."""

from __future__ import annotations

import itertools

import optuna
import pytest
from hand_made import make_study
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FixedTrial

from ura_study.errors import ConfigError
from ura_study.search.space.space import read_space
from ura_study.study.config import VariantSettings, validated
from ura_study.study.plan import changed

BASE = VariantSettings()
PATCHCORE = {"name": "patchcore"}

#: Each kind of domain, a switch with what depends on it, and a condition two steps deep.
SPACE = {
    "model.perception.width": {"choice": [32, 64], "when": {"model.perception": True}},
    "model.perception": {"choice": [True, False]},
    "model.perception.mc_samples": {"int": [1, 3], "when": {"model.perception.width": 32}},
    "model.synthesis.share": {"float": [0.1, 1], "step": 0.1},
    "model.restoration.exclusion": {"int": [1, 7], "step": 3},
    "features.layers": {"choice": [[2], [1, 2, 3]]},
    "training.lr": {"float": [0.0001, 0.01], "log": True},
    "training.steps": {"fixed": 7},
}
#: A choice of detectors, each with its own parameter.
DETECTORS = {
    "model": {"choice": [{"name": "uranet", "synthesis": {"share": 0.5}}, PATCHCORE]},
    "model.coreset": {"choice": [0.1, 0.2], "when": {"model": PATCHCORE}},
    "model.synthesis.strength": {
        "choice": [0.5, 1.0],
        "when": {"model": {"name": "uranet"}},
    },
}


def space(raw, base=BASE):
    return read_space(raw, base, "s.yaml: search.space")


def variant(**raw):
    return validated(VariantSettings, raw, "test")


def draws(a_space, seed, count=5):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    for _ in range(count):
        trial = study.ask()
        yield a_space.suggest(trial), trial.params


def test_data_is_searched_like_any_key_of_a_variant():
    study = make_study(data={"validation": 0.2, "image_size": 320})
    searched = space(
        {
            "data.image_size": {"int": [128, 320], "step": 64},
            "data.shots": {"choice": [None, 4]},
            "data.contamination": {"fixed": 0.0},
        },
        study.baseline,
    )
    assert searched.params(study.baseline) == {"data.image_size": 320, "data.shots": None}
    changes = searched.changes({"data.image_size": 192, "data.shots": 4})
    variant = changed(study.baseline, changes, "test")
    assert (variant.data.image_size, variant.data.shots) == (192, 4)
    assert study.data_of(variant) == study.data.model_copy(update={"image_size": 192, "shots": 4})
    assert searched.params(variant) == {"data.image_size": 192, "data.shots": 4}


def test_other_data_is_not_searched():
    with pytest.raises(ConfigError, match=r"search.space.data.root: is the same for all variants; of data, "):
        space({"data.root": {"choice": ["/a", "/b"]}}, make_study().baseline)


def test_conditions_come_first_and_the_order_stays_otherwise():
    order = [parameter.key for parameter in space(SPACE).parameters]
    assert order[:3] == ["model.perception", "model.perception.width", "model.perception.mc_samples"]
    assert order[3:] == list(SPACE)[3:]


def test_distributions():
    assert space(SPACE).distributions() == {
        "model.perception": CategoricalDistribution([True, False]),
        "model.perception.width": CategoricalDistribution([32, 64]),
        "model.perception.mc_samples": IntDistribution(1, 3),
        "model.synthesis.share": FloatDistribution(0.1, 1.0, step=0.1),
        "model.restoration.exclusion": IntDistribution(1, 7, step=3),
        "features.layers": CategoricalDistribution(["[2]", "[1, 2, 3]"]),
        "training.lr": FloatDistribution(0.0001, 0.01, log=True),
    }


OTHERS = {
    "model.synthesis.share": 0.30000000000000004,  # as a sampler computes it
    "model.restoration.exclusion": 4,
    "features.layers": "[1, 2, 3]",
    "training.lr": 0.001,
}
CHANGED = {
    "model.synthesis.share": 0.3,
    "model.restoration.exclusion": 4,
    "features.layers": [1, 2, 3],
    "training.lr": 0.001,
    "training.steps": 7,
}


@pytest.mark.parametrize("way", ["suggest", "changes"])
def test_what_is_switched_off_takes_its_parameters_along(way):
    params = {"model.perception": False} | OTHERS
    got = space(SPACE).suggest(FixedTrial(params)) if way == "suggest" else space(SPACE).changes(params)
    assert got == {"model.perception": False} | CHANGED
    assert type(got["model.restoration.exclusion"]) is int


@pytest.mark.parametrize("way", ["suggest", "changes"])
def test_what_is_switched_on_is_as_in_the_baseline(way):
    params = {"model.perception": True, "model.perception.width": 32, "model.perception.mc_samples": 3} | OTHERS
    base = variant(model={"perception": {"caution": 0.25}})
    here = space(SPACE, base)
    got = here.suggest(FixedTrial(params)) if way == "suggest" else here.changes(params)
    assert got == {"model.perception.width": 32, "model.perception.mc_samples": 3} | CHANGED
    assert changed(base, got, "test").model.perception.caution == 0.25


def test_a_part_that_the_baseline_lacks_is_switched_on_with_its_defaults():
    base = variant(model={"perception": False})
    here = space({key: SPACE[key] for key in ("model.perception", "model.perception.width")}, base)
    assert here.changes({"model.perception": True, "model.perception.width": 32}) == {"model.perception": {"width": 32}}
    assert here.params(base) == {"model.perception": False}


def test_a_chosen_section_takes_in_its_parts():
    here = space(DETECTORS)
    patchcore = here.changes({"model": "patchcore", "model.coreset": 0.2})
    assert patchcore == {"model": {"name": "patchcore", "coreset": 0.2}}
    uranet = here.changes({"model": "uranet(synthesis={share:0.5})", "model.synthesis.strength": 0.5})
    assert uranet == {"model": {"name": "uranet", "synthesis": {"share": 0.5, "strength": 0.5}}}
    assert here.params(changed(BASE, patchcore, "test")) == {"model": "patchcore", "model.coreset": 0.2}
    again = here.changes({"model": "patchcore", "model.coreset": 0.1})
    assert again["model"]["coreset"] == 0.1  # the choice itself is untouched


def test_a_condition_on_the_baseline_alone():
    raw = {
        "training.lr": {"choice": [0.1, 0.2]},
        "scoring.smoothing": {"choice": [1.0, 2.0], "when": {"model.perception": True}},
    }
    assert [*next(draws(space(raw), 0))[0]] == ["training.lr", "scoring.smoothing"]
    assert [*next(draws(space(raw, variant(model={"perception": False})), 0))[0]] == ["training.lr"]


def test_fixed_values_may_be_conditions():
    raw = {"training.steps": {"fixed": 7}, "training.lr": {"choice": [0.1], "when": {"training.steps": 7}}}
    assert space(raw).grid() == [{"training.lr": 0.1}]
    assert space(raw).changes({"training.lr": 0.1}) == {"training.steps": 7, "training.lr": 0.1}


def test_the_baseline_as_parameters():
    here = {key: domain for key, domain in SPACE.items() if key not in ("training.steps", "model.perception.width")}
    here |= {"model.perception.mc_samples": {"int": [1, 9], "when": {"model.perception": True}}}
    base = variant(model={"synthesis": {"share": 0.3}, "restoration": {"exclusion": 4}})
    assert space(here, base).params(base) == {
        "model.perception": True,
        "model.perception.mc_samples": 6,
        "model.synthesis.share": 0.3,
        "model.restoration.exclusion": 4,
        "features.layers": "[1, 2, 3]",
        "training.lr": 0.002,
    }


@pytest.mark.parametrize(
    "outside",
    [
        {"training": {"lr": 0.5}},  # beyond the range
        {"model": {"synthesis": {"share": 0.35}}},  # between steps
        {"features": {"layers": [1, 2]}},  # no choice
        {"training": {"batch_size": 2}},  # no parameter at all
        {"model": {"perception": {"caution": 0.5}}},  # switched on, but not as in the baseline
    ],
)
def test_a_variant_outside_the_space_has_no_parameters(outside):
    raw = {key: SPACE[key] for key in SPACE if not key.startswith("model.perception.")} | {
        "training.steps": {"fixed": 100}
    }
    inside = variant(model={"synthesis": {"share": 0.3}, "restoration": {"exclusion": 4}})
    assert space(raw).params(inside) is not None
    merged = inside.model_dump()
    for section, changes in outside.items():
        for key, value in changes.items():
            merged[section][key] = merged[section][key] | value if isinstance(value, dict) else value
    assert space(raw).params(variant(**merged)) is None


def test_the_grid_has_each_combination_once():
    raw = {key: SPACE[key] for key in SPACE if key not in ("training.lr", "model.synthesis.share")}
    grid = space(raw).grid()
    # perception off, 64 wide, or 32 wide with 3 depths; 3 exclusions; 2 choices of layers
    assert len(grid) == (1 + 1 + 3) * 3 * 2 == len({tuple(sorted(params.items())) for params in grid})
    assert {"model.perception": False, "model.restoration.exclusion": 7, "features.layers": "[2]"} in grid


def test_steps_of_a_grid_are_exact():
    grid = space({"model.synthesis.share": {"float": [0.1, 1], "step": 0.1}}).grid()
    assert [params["model.synthesis.share"] for params in grid] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


def test_no_endless_or_enormous_grid():
    with pytest.raises(ConfigError, match=r"^s.yaml: search.space.training.lr: a grid needs a `step` here"):
        space(SPACE).grid()
    with pytest.raises(ConfigError, match="a grid of more than 100,000 combinations"):
        space({"training.steps": {"int": [1, 500]}, "training.batch_size": {"int": [1, 500]}}).grid()


@pytest.mark.parametrize(
    ("params", "line"),
    [
        ({"training.lrr": 0.1}, r"training.lrr: is in a stored trial but not in the space; did you mean 'training.lr'"),
        ({"training.lr": 0.5}, r"training.lr: stored trial: 0.5 is not in the search space"),
        ({"features.layers": "[3]"}, r"features.layers: stored trial: '\[3\]' is not in the search space"),
    ],
)
def test_trials_of_another_space(params, line):
    with pytest.raises(ConfigError, match=rf"^s.yaml: search.space.{line}"):
        space(SPACE).changes(params)


SCALARS = {
    "training.lr": st.tuples(st.floats(1e-5, 1e-2), st.floats(0.02, 1.0)).map(lambda ends: {"float": [*ends]}),
    "training.warmup": st.tuples(st.integers(0, 3), st.sampled_from([0.05, 0.1, 0.15])).map(
        lambda drawn: {"float": [0.0, round(drawn[1] * (drawn[0] + 1), 2)], "step": drawn[1]}
    ),
    "training.steps": st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)).map(
        lambda drawn: {"int": [drawn[0], drawn[0] + drawn[1] * drawn[2]], "step": drawn[2]}
    ),
    "training.batch_size": st.tuples(st.integers(1, 9), st.integers(10, 90)).map(
        lambda ends: {"int": [*ends], "log": True}
    ),
    "features.layers": st.lists(
        st.sets(st.integers(0, 4), min_size=1).map(sorted), min_size=1, max_size=4, unique_by=str
    ).map(lambda choices: {"choice": choices}),
    "scoring.image_score": st.just({"choice": ["top", "max"]}),
    "model.perception": st.just({"choice": [False, True]}),
    "model.perception.width": st.just({"choice": [8, 16], "when": {"model.perception": True}}),
}


@st.composite
def spaces(draw):
    keys = draw(st.sets(st.sampled_from(sorted(SCALARS)), min_size=1))
    keys |= {"model.perception"} if "model.perception.width" in keys else set()
    raw = {key: draw(SCALARS[key]) for key in draw(st.permutations(sorted(keys)))}
    for key in keys & {"training.lr", "features.layers"}:
        if "model.perception" in keys and draw(st.booleans()):
            raw[key] = raw[key] | {"when": {"model.perception": draw(st.booleans())}}
    return raw


@settings(max_examples=60, deadline=None)
@given(raw=spaces(), seed=st.integers(0, 10**6), perception=st.booleans())
def test_every_suggestion_is_a_variant_and_makes_the_round_trip(raw, seed, perception):
    base = variant(model={"perception": perception})
    here = space(raw, base)
    for changes, params in draws(here, seed):
        assert here.changes(params) == changes
        proposed = changed(base, changes, "test")
        again = here.params(proposed)
        assert again.keys() == params.keys()
        assert here.changes(again) == changes
        for key, kind in itertools.product(raw, ("int", "float")):
            if kind in raw[key] and key in changes:
                assert type(changes[key]).__name__ == kind
