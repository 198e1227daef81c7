"""Objectives against values worked out by hand."""

from __future__ import annotations

import pytest

from ura_study.errors import ConfigError
from ura_study.search.objective import Undefined, constraint_names, constraints, directions, run_value, value
from ura_study.search.objective_config import ObjectiveSettings
from ura_study.study.config import validated

#: brick: metric a = 0.6, 0.8 → 0.7; grass: 0.4, 0.6 → 0.5; pill: 0.9, 0.9 → 0.9, with b and milliseconds beside it.
ROWS = [
    ("brick", 0, {"val_image_auroc": 0.6, "val_pixel_aupro": 0.2, "score_ms_per_image": 10.0, "parameters": 100}),
    ("brick", 1, {"val_image_auroc": 0.8, "val_pixel_aupro": 0.4, "score_ms_per_image": 20.0, "parameters": 100}),
    ("grass", 0, {"val_image_auroc": 0.4, "val_pixel_aupro": 1.0, "score_ms_per_image": 30.0, "parameters": 100}),
    ("grass", 1, {"val_image_auroc": 0.6, "val_pixel_aupro": 0.8, "score_ms_per_image": 30.0, "parameters": 100}),
    ("pill", 0, {"val_image_auroc": 0.9, "val_pixel_aupro": 0.5, "score_ms_per_image": 40.0, "parameters": 400}),
    ("pill", 1, {"val_image_auroc": 0.9, "val_pixel_aupro": 0.7, "score_ms_per_image": 60.0, "parameters": 400}),
]


def objective(**raw):
    return validated(ObjectiveSettings, raw, "test")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"metric": "val_image_auroc"}, 0.7),  # (0.7 + 0.5 + 0.9) / 3
        ({"metric": "val_image_auroc", "over": "median"}, 0.7),
        ({"metric": "val_image_auroc", "over": "worst"}, 0.5),
        ({"metric": "val_image_auroc", "over": "q10"}, 0.54),  # 0.5 + 0.1 · 2 intervals · (0.7 - 0.5)
        ({"metric": "val_image_auroc", "over": "q75"}, 0.8),  # halfway from 0.7 to 0.9
        ({"metric": "val_image_auroc", "over": "worst", "direction": "minimize"}, 0.9),
        ({"metric": "score_ms_per_image"}, 95 / 3),  # (15 + 30 + 50) / 3
        ({"metric": "score_ms_per_image", "over": "worst"}, 50),
        ({"metric": "parameters"}, 200),
        # brick (0.4 + 0.6) / 2, grass (0.7 + 0.7) / 2, pill (0.7 + 0.8) / 2
        ({"mean": ["val_image_auroc", "val_pixel_aupro"]}, (0.5 + 0.7 + 0.75) / 3),
        ({"mean": ["val_image_auroc", "val_pixel_aupro"], "over": "worst"}, 0.5),
        ({"metric": "val_image_auroc", "minus": {"score_ms_per_image": 0.001}}, 0.7 - 0.095 / 3),
        # brick 0.7 - 0.15, grass 0.5 - 0.3, pill 0.9 - 0.5
        ({"metric": "val_image_auroc", "minus": {"score_ms_per_image": 0.01}, "over": "median"}, 0.4),
    ],
)
def test_value(raw, expected):
    assert value(objective(**raw), ROWS) == pytest.approx(expected, rel=1e-12)


def test_the_value_of_one_run():
    one = objective(
        mean=["val_image_auroc", "val_pixel_aupro"], minus={"score_ms_per_image": 0.01, "parameters": 0.001}
    )
    assert run_value(one, ROWS[0]) == pytest.approx(0.4 - 0.1 - 0.1)


def test_categories_weigh_the_same_where_a_seed_is_missing():
    assert value(objective(metric="val_image_auroc"), ROWS[1:]) == pytest.approx((0.8 + 0.5 + 0.9) / 3)


def test_constraints_are_how_far_a_variant_is_beyond_its_limits():
    limited = objective(
        metric="val_image_auroc",
        subject_to={
            "score_ms_per_image": {"max": 30},
            "parameters": {"max": 300, "over": "worst"},
            "val_pixel_aupro": {"min": 0.25, "max": 0.75, "over": "worst"},
            "fit_seconds": {"max": 60},
        },
    )
    rows = [(category, seed, numbers | {"fit_seconds": 50}) for category, seed, numbers in ROWS]
    # 95 / 3 ms; at most 400 parameters; AUPRO from 0.3 (brick) to 0.9 (grass)
    assert constraints(limited, rows) == pytest.approx([95 / 3 - 30, 100, 0.25 - 0.3, 0.9 - 0.75, -10])
    assert constraint_names(limited) == [
        "score_ms_per_image <= 30",
        "worst parameters <= 300",
        "worst val_pixel_aupro >= 0.25",
        "worst val_pixel_aupro <= 0.75",
        "fit_seconds <= 60",
    ]
    assert constraints(objective(metric="val_image_auroc"), ROWS) == []


@pytest.mark.parametrize("gap", [{"val_pixel_aupro": None}, {}, {"val_pixel_aupro": float("nan")}])
@pytest.mark.parametrize(
    "raw", [{"metric": "val_pixel_aupro"}, {"metric": "val_image_auroc", "minus": {"val_pixel_aupro": 1}}]
)
def test_what_is_undefined_is_named(raw, gap):
    rows = [*ROWS, ("tile", 3, {"val_image_auroc": 1.0} | gap)]
    with pytest.raises(Undefined, match=r"^val_pixel_aupro is undefined on tile \(seed 3\)$") as caught:
        value(objective(**raw), rows)
    assert (caught.value.metric, caught.value.category, caught.value.seed) == ("val_pixel_aupro", "tile", 3)
    with pytest.raises(Undefined):
        constraints(objective(metric="val_image_auroc", subject_to={"val_pixel_aupro": {"min": 0}}), rows)


def test_directions():
    several = [
        objective(metric="val_pixel_aupro"),
        objective(metric="fit_seconds"),
        objective(metric="fit_seconds", direction="maximize"),
        objective(mean=["score_ms_per_image", "fit_seconds"]),
        objective(mean=["val_pixel_aupro", "fit_seconds"], direction="minimize"),
        objective(metric="val_ece"),
    ]
    assert directions(several) == ["maximize", "minimize", "maximize", "minimize", "minimize", "minimize"]


def test_label():
    assert objective(metric="val_image_ap").label == "val_image_ap"
    costly = objective(mean=["image_ap", "image_auroc"], over="q10", minus={"parameters": 1e-6})
    assert costly.label == "q10 mean(image_ap, image_auroc) - 1e-06 parameters"


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"metric": "val_pixel_auprc"}, "metric: unknown metric 'val_pixel_auprc'; did you mean 'val_pixel_auroc'"),
        ({"mean": ["val_image_auroc", "fit_secs"]}, "mean: unknown metric 'fit_secs'; did you mean 'fit_seconds'"),
        ({"mean": ["fit_seconds", "fit_seconds"]}, "mean: metrics must be distinct"),
        ({"mean": []}, "the file: an objective needs either metric: …, or mean"),
        ({}, "the file: an objective needs either metric"),
        ({"metric": "image_ap", "mean": ["pixel_ap"]}, "the file: an objective needs either metric"),
        ({"metric": "image_ap", "over": "q0"}, "over: expected one of mean, median, worst, or a quantile"),
        ({"metric": "image_ap", "over": "q100"}, "over: .* such as q10, but got 'q100'"),
        ({"metric": "image_ap", "minus": {"fit_seconds": -1}}, "minus.fit_seconds: expected a number > 0, but got -1"),
        ({"metric": "image_ap", "minus": {"seconds": 1}}, "minus: unknown metric 'seconds'"),
        ({"metric": "fit_seconds", "minus": {"parameters": 1}}, "the file: minus goes with an objective that is maxim"),
        ({"metric": "image_ap", "subject_to": {"fit_seconds": {}}}, "subject_to.fit_seconds: a limit needs min or max"),
        (
            {"metric": "image_ap", "subject_to": {"fit_seconds": {"min": 2, "max": 1}}},
            "subject_to.fit_seconds: min <= max must hold, but got 2.0 and 1.0",
        ),
        ({"metric": "image_ap", "subject_to": {"fit_seconds": {"mx": 2}}}, "subject_to.fit_seconds.mx: unknown key"),
        ({"metric": "image_ap", "direction": "up"}, "direction: expected 'maximize' or 'minimize', but got 'up'"),
        ({"mean": ["image_ap", "fit_seconds"]}, "the file: a mean of image_ap and fit_seconds needs a direction"),
        ({"mean": ["val_image_ap", "val_ece"]}, "the file: a mean of val_image_ap and val_ece needs a direction"),
        (
            {"mean": ["image_ap"], "minus": {"parameters": 1}, "scale": "rank"},
            "the file: scale and minus cannot be combined: a penalty has no meaning beside ranks or scores",
        ),
        (
            {"mean": ["image_ap", "fit_seconds"], "direction": "maximize", "scale": "standard"},
            "the file: scale needs metrics that are all better if larger, or all if smaller, but got a mean of "
            "image_ap and fit_seconds",
        ),
        ({"metric": "val_epistemic_border"}, "the file: val_epistemic_border needs a direction"),
    ],
)
def test_what_is_no_objective(raw, line):
    with pytest.raises(ConfigError, match=f"^test: {line}"):
        objective(**raw)
