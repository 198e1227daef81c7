"""The table of the kinds of defects."""

import pytest
from hand_made import done, failed, job_of, make_study, plan_of

from ura_study.errors import ConfigError
from ura_study.results.results import Results
from ura_study.runs.record import DefectRecord
from ura_study.tables.defects_table import defects
from ura_study.tables.export import as_text, sheets
from ura_study.tables.sheet import sheet

STUDY = make_study(ablations={"parts": {"leave_one_out": ["model.restoration"]}}, seeds=[0, 1])
PLAN = plan_of(STUDY, "nut", "bolt")
KINDS = {"nut": {"hole": 3, "crack": 5}, "bolt": {"bent": 2}}


def results(value, study=STUDY, lost=()):
    """Return results in which each kind's metrics are `value(variant, kind, seed)`; the runs of `lost` failed."""
    records = {}
    for cell in PLAN.cells:
        variant, category, seed = cell
        job = job_of(study, PLAN, *cell)
        kinds = {
            kind: DefectRecord(
                images=count, metrics={"image_auroc": value(variant, kind, seed), "pixel_ap": 0.5, "pixel_aupro": None}
            )
            for kind, count in KINDS[category].items()
        }
        records[job.run_id] = failed(job) if cell in lost else done(job).model_copy(update={"by_defect": kinds})
    return Results(study, PLAN, records)


def of(variant, kind, seed):
    return {"hole": 0.5, "crack": 0.7, "bent": 0.9}[kind] + 0.02 * seed - 0.1 * (variant != "full")


def test_each_kind_of_each_category_is_a_row_and_each_variant_a_column():
    tables = defects(results(of))
    assert [table.about["metric"] for table in tables] == ["image_auroc", "pixel_ap", "pixel_aupro"]
    assert [column.key for column in tables[0].columns] == ["full", "w/o restoration"]
    assert [row.labels for row in tables[0].rows] == [
        ("nut", "crack", "5"),
        ("nut", "hole", "3"),
        ("bolt", "bent", "2"),
    ]
    crack = tables[0].rows[0].cells
    assert (crack[0].values, crack[1].mean) == ((0.7, 0.72), pytest.approx(0.61))
    assert crack[0].run_ids == (PLAN.cells["full", "nut", 0], PLAN.cells["full", "nut", 1])
    assert tables[2].rows[0].cells[0].undefined == 2
    assert tables[0].notes == (
        "Mean ± standard deviation over 2 seeds (not over test images or categories).",
        "Each kind of defect against the same normal test images, without those of other kinds. Average precision "
        "depends on the share of anomalous pixels, so it compares variants, and not kinds.",
    )


def test_the_best_of_a_row_is_marked():
    def value(variant, kind, seed):
        return 0.6 if (variant == "full") == (kind == "hole") else 0.4

    shown = sheet(defects(results(value))[0], STUDY.report, STUDY.study)
    assert [[cell.rank for cell in line.cells] for line in shown.lines] == [[2, 1], [1, 2], [2, 1]]


def test_runs_that_failed_are_not_averaged_away():
    cell = ("full", "nut", 0)
    row = defects(results(of, lost=[cell]))[0].rows[1]
    assert (row.labels[1], row.cells[0].failed, row.cells[1].failed) == ("hole", 1, 0)
    lost = [cell for cell in PLAN.cells if cell[1] == "bolt"]
    assert defects(results(of, lost=lost))[0].notes[-1] == "No kinds are known of bolt."


def test_it_can_be_printed():
    text = as_text(sheets(defects(results(of)), STUDY.report, "example"), "markdown", "example").decode()
    assert "| nut | hole | 3 | **51.0 ± 1.4** |" in text


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            results(of, make_study(report={"metrics": ["pixel_auroc"]})),
            "needs one of image_auroc, pixel_ap, pixel_aupro among the metrics (--metric)",
        ),
        (results(of, lost=list(PLAN.cells)), "needs a finished run with anomalous test images"),
    ],
)
def test_without_any_it_is_said(found, message):
    with pytest.raises(ConfigError) as caught:
        defects(found)
    assert str(caught.value) == f"study 'example': a table of defects {message}"
