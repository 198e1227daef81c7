"""Variants on corrupted test images beside the same on clean ones."""

import pytest
from hand_made import make_study, plan_of
from made_up import results_of

from ura_study.errors import ConfigError
from ura_study.results.robustness import Corrupted, change, corrupted
from ura_study.tables.robustness_table import robustness

KIND, SEVERITY = "data.corruption.kind", "data.corruption.severity"
GRID = {"grid": {KIND: ["shift", "contrast"], SEVERITY: [1, 3]}}
PATCHCORE = {"grid": {"model": [{"name": "patchcore"}], KIND: ["none", "shift"]}}
#: What every run on clean images, and with a corruption, gives.
VALUES = {
    "full": 0.9,
    "kind=shift, severity=1": 0.8,
    "kind=shift, severity=3": 0.7,
    "kind=contrast, severity=1": 0.88,
    "kind=contrast, severity=3": 0.5,
    "model=patchcore, kind=none": 0.6,
    "model=patchcore, kind=shift": 0.5,
}


def measured(variant, category, seed):
    return VALUES[variant] + 0.01 * seed * (variant != "full") + 0.02 * (category == "bolt")


def test_each_variant_is_found_with_its_corruptions():
    plan = plan_of(make_study(ablations={"a": GRID, "b": PATCHCORE}))
    shifted, contrasts = ({(k, s): f"kind={k}, severity={s}" for s in (1, 3)} for k in ("shift", "contrast"))
    assert corrupted(plan) == (
        (
            Corrupted("full", shifted | contrasts),
            Corrupted("model=patchcore, kind=none", {("shift", 3): "model=patchcore, kind=shift"}),
        ),
        (),
    )


def test_what_has_no_clean_variant_is_named():
    only = {"grid": {"training.lr": [0.1], KIND: ["shift"]}}
    groups, alone = corrupted(plan_of(make_study(ablations={"a": only, "b": {"sweep": {KIND: ["shift"]}}})))
    assert groups == (Corrupted("full", {("shift", 3): "kind=shift"}),)
    assert alone == ("lr=0.1, kind=shift",)


def test_the_change_is_taken_seed_by_seed():
    results = results_of(measured, seeds=[0, 1], ablations={"a": GRID})
    cell = change(results.aggregates["image_auroc"], "full", "kind=shift, severity=1")
    assert cell.values == pytest.approx((-0.1, -0.09))
    assert len(cell.run_ids) == 8


def test_a_table_of_changes():
    results = results_of(measured, seeds=[0], ablations={"a": GRID, "b": PATCHCORE})
    (table,) = robustness(results)
    assert [column.key for column in table.columns] == ["clean", "shift", "contrast", "(mean)"]
    assert [column.kind for column in table.columns] == ["share", "points", "points", "points"]
    shown = {row.labels: [cell.text or round(cell.mean, 4) for cell in row.cells] for row in table.rows}
    assert shown == {
        ("full", "1"): [0.91, -0.1, -0.02, -0.06],
        ("full", "3"): [0.91, -0.2, -0.4, -0.3],
        ("full", "mean"): [0.91, -0.15, -0.21, -0.18],
        ("model=patchcore, kind=none", "3"): [0.61, -0.1, "–", "–"],
    }
    assert table.about == {"metric": "image_auroc"}
    assert "Test images are corrupted in some variants, other images in none." in table.notes


def test_a_failed_run_leaves_no_change():
    def value(variant, category, seed):
        failed = (variant, category) == ("kind=shift, severity=3", "nut")
        return "failed" if failed else measured(variant, category, seed)

    (table,) = robustness(results_of(value, seeds=[0], ablations={"a": GRID}))
    cells = {row.labels[1]: row.cells for row in table.rows}
    assert [cell.complete for cell in cells["1"]] == [True, True, True, True]
    assert [cell.complete for cell in cells["3"]] == [True, False, True, False]
    assert [cell.complete for cell in cells["mean"]] == [True, False, True, False]
    assert cells["mean"][1].failed == 1


def test_variants_left_out_are_told():
    only = {"grid": {"training.lr": [0.1], KIND: ["shift"]}}
    (table,) = robustness(results_of(lambda *cell: 0.5, ablations={"a": only, "b": {"sweep": {KIND: ["shift"]}}}))
    assert "Without a clean variant beside them, so left out: lr=0.1, kind=shift." in table.notes


def test_a_study_without_corruption_has_no_such_table():
    with pytest.raises(ConfigError) as caught:
        robustness(results_of(lambda *cell: 0.5))
    assert str(caught.value) == (
        "study 'example': a table of robustness needs variants that differ in data.corruption.kind"
    )
