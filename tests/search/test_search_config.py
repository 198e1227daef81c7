"""The `search` section: short forms, defaults, and what it rejects."""

from __future__ import annotations

import pytest

from ura_study.errors import ConfigError
from ura_study.search.config import SearchSettings
from ura_study.study.config import validated


def search(**raw):
    return validated(
        SearchSettings, {"space": "space.yaml", "trials": 3, "objective": "val_image_auroc"} | raw, "s.yaml"
    )


def test_defaults():
    settings = search()
    assert [(one.metric, one.over) for one in settings.objective] == [("val_image_auroc", "mean")]
    assert (settings.split, settings.sampler.name, settings.pruner.name) == ("validation", "tpe", "wilcoxon")
    assert settings.enqueue == ({},)
    assert (settings.storage, settings.budget_seconds, settings.patience) == (None, None, None)
    assert (settings.seed, settings.max_failed) == (0, 0.0)


def test_short_and_long_forms_mean_the_same():
    assert search(sampler={"n_startup_trials": 2}) == search(sampler={"name": "tpe", "n_startup_trials": 2})
    assert search(sampler="gp") == search(sampler={"name": "gp"})
    assert search(objective="val_image_ap") == search(objective=[{"metric": "val_image_ap"}])
    long = search(sampler={"name": "tpe", "n_startup_trials": 5}, pruner={"name": "wilcoxon", "p_threshold": 0.2})
    assert (long.sampler.options, long.pruner.options) == ({"n_startup_trials": 5}, {"p_threshold": 0.2})


def test_it_survives_being_written_and_read():
    settings = search(sampler={"name": "tpe", "group": False}, objective=["val_image_ap", "parameters"], budget="2d")
    assert SearchSettings.model_validate_json(settings.model_dump_json()) == settings
    assert SearchSettings.model_validate(settings.model_dump()) == settings


@pytest.mark.parametrize(
    ("budget", "seconds"), [("45s", 45), ("90m", 5400), ("8h", 28800), ("2d", 172800), ("1d12h", 129600)]
)
def test_budget(budget, seconds):
    assert search(budget=budget).budget_seconds == seconds


def test_several_objectives():
    several = search(objective=["val_pixel_aupro", {"metric": "score_ms_per_image", "direction": "minimize"}])
    assert [one.minimizes for one in several.objective] == [False, True]
    assert search(split="test", objective={"mean": ["image_auroc", "pixel_ap"]}).objective[0].mean == (
        "image_auroc",
        "pixel_ap",
    )


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"trials": 0}, "trials: expected a number >= 1, but got 0"),
        ({"sampler": "tpee"}, "sampler: expected .*but got 'tpee'; did you mean 'tpe'"),
        ({"pruner": None}, "pruner.*, but got null"),
        ({"budget": "8 hours"}, "budget: expected a time such as 90m, 8h or 1d12h, but got '8 hours'"),
        ({"budget": "0h"}, "budget: expected a time such as"),
        ({"budget": 8}, "budget: expected a string, but got 8"),
        ({"patience": 0}, "patience: expected a number >= 1"),
        ({"max_failed": 1.5}, "max_failed: expected a number <= 1"),
        ({"split": "tset"}, "split: expected 'validation' or 'test', but got 'tset'; did you mean 'test'"),
        ({"trails": 3}, "trails: unknown key; did you mean 'trials'"),
        ({"objective": []}, "objective: objectives must be distinct, at least one"),
        (
            {"objective": ["val_image_ap", "val_image_ap"]},
            "objective: objectives must be distinct, at least one, but got",
        ),
        (
            {"objective": "val_image_aurok"},
            "objective: unknown metric 'val_image_aurok'; did you mean 'val_image_auroc'",
        ),
        ({"objective": {"metrik": "val_image_ap"}}, "objective.metrik: unknown key; did you mean 'metric'"),
        (
            {"objective": "image_auroc"},
            "objective: image_auroc is measured on the test images; write val_image_auroc, or split: test if choosing "
            "on the test images is really meant",
        ),
        (
            {"objective": {"metric": "val_image_ap", "subject_to": {"pixel_ap": {"min": 0.5}}}},
            "objective: pixel_ap is measured on the test images",
        ),
        ({"split": "test"}, "objective: with split: test, write image_auroc, not val_image_auroc"),
    ],
)
def test_what_is_rejected(raw, line):
    with pytest.raises(ConfigError, match=f"^s.yaml: {line}"):
        search(**raw)


def test_a_pareto_front_has_no_scale():
    with pytest.raises(ConfigError) as error:
        search(objective=[{"metric": "val_image_ap", "scale": "rank"}, "parameters"])
    assert str(error.value) == (
        "s.yaml: objective: scale needs a single objective: a Pareto front compares each number by itself"
    )


def test_a_scale_must_be_known():
    with pytest.raises(ConfigError) as error:
        search(objective={"metric": "val_image_ap", "scale": "ranks"})
    assert str(error.value) == (
        "s.yaml: objective.scale: expected 'none', 'rank' or 'standard', but got 'ranks'; did you mean 'rank'?"
    )
