import math
import statistics

import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from hypothesis import given
from hypothesis import strategies as st

from ura_study.data.described import described
from ura_study.report.config import ReportSettings
from ura_study.results.results import Results
from ura_study.study.plan import Variant, changed, expand, make_plan
from ura_study.tables.comparison_table import comparison
from ura_study.tables.metric_tables import MEAN, per_category, summary
from ura_study.tables.sheet import sheet

METRIC = "image_auroc"


def table_of(outcomes, seeds=(0, 1), categories=("nut", "bolt"), ablations=None):
    """The table of one metric from {(variant, category, seed): fraction, "failed" or None (undefined)}."""
    study = make_study(seeds=list(seeds), ablations=ablations or {})
    plan = plan_of(study, *categories)
    records = {}
    for cell, outcome in outcomes.items():
        job = job_of(study, plan, *cell)
        records[job.run_id] = failed(job) if outcome == "failed" else done(job, outcome)
    return per_category(results_of(study, plan, records), METRIC)


def results_of(study, plan, records, metrics=(METRIC,)):
    report = study.report.model_copy(update={"metrics": metrics})
    return Results(study.model_copy(update={"report": report}), plan, records)


def test_what_a_metric_depends_on_is_said():
    study = make_study(
        data={"layout": "mvtec_ad", "root": "/x", "validation": 0.2}, evaluation={"threshold": {"quantile": 0.99}}
    )
    plan = plan_of(study, "nut", "bolt")
    known = {
        "nut": {"normal_pixels": 99_999, "validation_normal": 12},
        "bolt": {"normal_pixels": 100_000, "validation_normal": 4},
    }
    records = {}
    for variant, category, seed in plan.cells:
        record = done(job_of(study, plan, variant, category, seed))
        data = record.data | known[category]
        records[record.run_id] = record.model_copy(update={"data": data})
    shown = summary(results_of(study, plan, records, ("image_recall_at_threshold", "pixel_aupimo")))
    assert shown.notes == (
        "One seed.",
        "Threshold: 0.99 quantile of the scores of 4 to 12 normal images that were held out from training.",
        "AUPIMO: a false positive rate of 1e-05 is less than one pixel of the normal test images of nut; what is "
        "counted there is above all of their pixels.",
    )
    assert summary(results_of(study, plan, records)).notes == ("One seed.",)


def texts(table):
    lines = sheet(table, ReportSettings(), "example").lines
    return {line.labels[0]: [cell.text for cell in line.cells] for line in lines}


def left_out(table):
    """The notes on categories that a mean leaves out."""
    return [note for note in table.notes if "(no masks)" in note]


def test_mean_over_categories_first_and_deviation_over_seeds():
    table = table_of(
        {("full", "nut", 0): 0.9, ("full", "nut", 1): 0.8, ("full", "bolt", 0): 0.5, ("full", "bolt", 1): 0.8}
    )
    assert [column.heading for column in table.columns] == ["nut", "bolt", MEAN]
    (row,) = table.rows
    nut, bolt, mean = row.cells
    assert row.labels == ("full",)
    assert nut.values == (0.9, 0.8)
    assert (nut.mean, nut.std) == pytest.approx((0.85, 0.1 / 2**0.5))
    assert (bolt.mean, bolt.std) == pytest.approx((0.65, 0.3 / 2**0.5))
    assert mean.values == pytest.approx((0.7, 0.8))  # seed 0: (0.9 + 0.5) / 2, seed 1: (0.8 + 0.8) / 2
    assert (mean.mean, mean.std) == pytest.approx((0.75, 0.1 / 2**0.5))
    assert texts(table) == {"full": ["85.0 ± 7.1", "65.0 ± 21.2", "75.0 ± 7.1"]}


def test_a_single_seed_has_no_deviation():
    table = table_of({("full", "nut", 0): 0.9, ("full", "bolt", 0): 1.0}, seeds=[0])
    assert all(math.isnan(cell.std) for row in table.rows for cell in row.cells)
    assert texts(table) == {"full": ["90.0", "100.0", "95.0"]}


@pytest.mark.parametrize(("seeds", "line"), [([0], "One seed."), (list(range(21)), "21 seeds.")])
def test_the_number_of_seeds_is_said_before_any_is_done(seeds, line):
    assert table_of({}, seeds=seeds).notes == (line,)


@pytest.mark.parametrize(("outcome", "text"), [("failed", "1 failed"), ("missing", "1 missing"), (None, "undefined")])
def test_what_is_not_known_is_never_averaged_away(outcome, text):
    outcomes = {("full", c, s): 0.9 for c in ("nut", "bolt") for s in (0, 1)} | {("full", "bolt", 1): outcome}
    if outcome == "missing":
        del outcomes["full", "bolt", 1]
    table = table_of(outcomes)
    assert texts(table) == {"full": ["90.0 ± 0.0", text, text]}
    assert all(math.isnan(cell.mean) and math.isnan(cell.std) for cell in table.rows[0].cells[1:])
    assert left_out(table) == []


def test_nothing_is_known_yet():
    assert texts(table_of({})) == {"full": ["2 missing", "2 missing", "4 missing"]}


ALL = [(v, c, s) for v in ("full", "layers=[2, 3]", "w/o restoration") for c in ("nut", "bolt") for s in (0, 1)]


def test_categories_without_masks_are_left_out_of_the_mean_and_named():
    outcomes = {cell: None if cell[1] == "bolt" else 0.8 for cell in ALL}
    table = table_of(outcomes, ablations=ABLATIONS)
    row = ["80.0 ± 0.0", "undefined", "80.0 ± 0.0"]
    assert texts(table) == {"full": row, "layers=[2, 3]": row, "w/o restoration": row}
    assert left_out(table) == ["Mean without bolt (no masks)."]


@pytest.mark.parametrize("trouble", ["failed", "missing"])
def test_a_failure_in_a_category_without_masks_does_not_bring_it_back_into_the_mean(trouble):
    outcomes = {cell: None if cell[1] == "bolt" else 0.8 for cell in ALL}
    for seed in (0, 1):
        outcomes["full", "bolt", seed] = "failed"
    if trouble == "missing":
        outcomes = {cell: outcome for cell, outcome in outcomes.items() if outcome != "failed"}
    table = table_of(outcomes, ablations=ABLATIONS)
    assert texts(table)["full"] == ["80.0 ± 0.0", f"2 {trouble}", "80.0 ± 0.0"]
    assert texts(table)["w/o restoration"] == ["80.0 ± 0.0", "undefined", "80.0 ± 0.0"]
    assert left_out(table) == ["Mean without bolt (no masks)."]


def test_a_category_with_one_number_counts():
    outcomes = {cell: None if cell[1] == "bolt" else 0.8 for cell in ALL} | {("full", "bolt", 0): 0.7}
    table = table_of(outcomes, ablations=ABLATIONS)
    assert {row[-1] for row in texts(table).values()} == {"undefined"}
    assert left_out(table) == []


def test_undefined_everywhere():
    table = table_of(dict.fromkeys(ALL), ablations=ABLATIONS)
    assert set(map(tuple, texts(table).values())) == {("undefined",) * 3}
    assert {row.cells[-1].undefined for row in table.rows} == {4}
    assert left_out(table) == ["Undefined: nut (no masks), bolt (no masks)."]


def test_equal_variants_share_their_numbers():
    study = make_study(base={"training": {"lr": 1e-3}}, ablations={"a": {"sweep": {"training.lr": [1e-3]}}})
    plan = plan_of(study)
    job = job_of(study, plan, "full")
    table = per_category(results_of(study, plan, {job.run_id: done(job, 0.9)}), METRIC)
    assert texts(table) == {"full": ["90.0", "90.0"], "lr=0.001": ["90.0", "90.0"]}


def test_records_of_other_plans_are_not_looked_at():
    study = make_study()
    stranger = job_of(make_study(seeds=[5]), plan_of(make_study(seeds=[5])), "full", seed=5)
    table = per_category(results_of(study, plan_of(study), {stranger.run_id: done(stranger, 0.9)}), METRIC)
    assert texts(table) == {"full": ["1 missing", "1 missing"]}


@given(st.data())
def test_every_run_is_counted_once(data):
    seeds, categories = (0, 1, 2), ("nut", "bolt", "nail")
    outcome = st.sampled_from(["failed", "missing", None]) | st.floats(0, 1)
    drawn = {("full", c, s): data.draw(outcome) for c in categories for s in seeds}
    table = table_of({cell: o for cell, o in drawn.items() if o != "missing"}, seeds, categories)
    *cells, mean = table.rows[0].cells
    for category, cell in zip(categories, cells, strict=True):
        known = [drawn["full", category, s] for s in seeds]
        assert cell.values == tuple(o for o in known if isinstance(o, float))
        assert (cell.failed, cell.missing, cell.undefined) == tuple(map(known.count, ("failed", "missing", None)))
        assert math.isnan(cell.mean) == (len(cell.values) < len(seeds))
    if all(isinstance(o, float) for o in drawn.values()):
        by_seed = [statistics.fmean(drawn["full", c, s] for c in categories) for s in seeds]
        assert (mean.mean, mean.std) == pytest.approx((statistics.fmean(by_seed), statistics.stdev(by_seed)))
    counted = [
        cell for category, cell in zip(categories, cells, strict=True) if category not in "".join(left_out(table))
    ]
    assert mean.complete == all(cell.complete for cell in counted or cells)


def marked(values):
    """The rows of `full` and `w/o restoration` over ten categories, and the notes of the table."""
    study = make_study(ablations=ABLATIONS)
    plan = plan_of(study, *values)
    records = {}
    for cell in plan.cells:
        job = job_of(study, plan, *cell)
        records[job.run_id] = done(job, values[cell[1]] if cell[0] == "w/o restoration" else 0.5)
    table = per_category(results_of(study, plan, records), METRIC)
    return {row.labels[0]: row.cells for row in table.rows}, table.notes


def test_the_mean_of_a_variant_that_differs_is_marked_and_explained():
    rows, notes = marked({f"c{i}": 0.6 + i / 100 for i in range(10)})
    assert [cell.significant for cell in rows["w/o restoration"]] == [False] * 10 + [True]
    assert not any(cell.significant for cell in (*rows["full"], *rows["layers=[2, 3]"]))
    assert notes[1] == (
        "*: the mean differs from that of full (p < 0.05, exact Wilcoxon signed-rank test over categories, "
        "Holm-corrected over 1 distinct test)."
    )


def test_what_may_be_chance_is_not_marked():
    rows, notes = marked({f"c{i}": 0.5 + (-1) ** i / 10 for i in range(10)})
    assert not any(cell.significant for cells in rows.values() for cell in cells)
    assert notes == ("One seed.",)


def test_categories_of_mvtec_ad_have_means_by_kind():
    values = {("full", "grid", 0): 0.5, ("full", "wood", 0): 0.7, ("full", "screw", 0): 0.9}
    table = table_of(values, [0], ["grid", "wood", "screw"])
    assert [column.heading for column in table.columns] == ["grid", "wood", "screw", "textures", "objects", "mean"]
    assert texts(table)["full"] == ["50.0", "70.0", "90.0", "60.0", "90.0", "70.0"]
    assert [column.key for column in table.columns][3:] == ["(textures)", "(objects)", "(mean)"]


@pytest.mark.parametrize("categories", [["grid", "wood"], ["screw"], ["grid", "screw", "nut"]])
def test_categories_of_one_kind_or_of_other_data_have_one_mean(categories):
    table = table_of({}, [0], categories)
    assert [column.heading for column in table.columns] == [*categories, "mean"]


def test_cells_name_their_runs():
    study = make_study(seeds=[0, 1])
    plan = plan_of(study, "nut", "bolt")
    row = per_category(results_of(study, plan, {}), METRIC).rows[0]
    assert row.cells[0].run_ids == tuple(plan.cells["full", "nut", seed] for seed in (0, 1))
    assert set(row.cells[-1].run_ids) == set(plan.runs)


def test_summary_has_the_mean_of_each_metric():
    study = make_study(ablations=ABLATIONS)
    plan = plan_of(study, "nut", "bolt")
    jobs = [job_of(study, plan, *cell) for cell in plan.cells]
    records = {job.run_id: done(job, 0.5, pixel_ap=None if job.category == "bolt" else 0.25) for job in jobs}
    table = summary(results_of(study, plan, records, (METRIC, "pixel_ap")))
    assert [column.heading for column in table.columns] == ["Image AUROC", "Pixel AP"]
    assert [[cell.mean for cell in row.cells] for row in table.rows] == [[0.5, 0.25]] * 3
    assert table.notes == ("One seed.", "Pixel AP: mean without bolt (no masks).")


@pytest.mark.parametrize(
    ("metric", "ranks"),
    [("val_image_ap", [0, 1, 2]), ("val_ece", [1, 0, 2]), ("val_epistemic_border", [0, 0, 0])],
)
def test_the_best_is_the_largest_or_the_smallest_or_none(metric, ranks):
    study = make_study(ablations=ABLATIONS, data={"validation": 0.2})
    plan = plan_of(study)
    values = dict(zip(["full", "layers=[2, 3]", "w/o restoration"], [0.2, 0.5, 0.3], strict=True))
    jobs = [job_of(study, plan, name) for name in values]
    records = {job.run_id: done(job, **{metric: values[job.variant]}) for job in jobs}
    lines = sheet(per_category(results_of(study, plan, records, (metric,)), metric), ReportSettings(), "x").lines
    assert [line.cells[0].rank for line in lines] == ranks


def test_an_unusual_protocol_is_said():
    study = make_study(data={"shots": 4})
    notes = per_category(results_of(study, plan_of(study), {}), METRIC).notes
    assert notes[0].lower() == f"{described(study.data)}.".lower()
    assert "4" in notes[0]


@pytest.mark.parametrize(("split", "oracle"), [("test", True), ("validation", False)])
def test_tables_with_variants_chosen_on_test_images_say_so(split, oracle):
    search = {"space": {"training.lr": {"float": [1e-4, 1e-2]}}, "split": split, "trials": 3}
    search |= {"objective": METRIC} if oracle else {}
    study = make_study(search=search, data={"validation": 0.2})
    found = Variant("search-0001", changed(study.baseline, {"training.lr": 5e-4}, ""), {"training.lr": 5e-4}, "search")
    plan = make_plan(study, {"nut": "data"}, [*expand(study), found])
    results = results_of(study, plan, {})
    line = "Oracle: search-0001 chosen on test images."
    for table in (per_category(results, METRIC), comparison(results, METRIC)):
        assert (line in table.notes) == oracle
    assert line not in per_category(results_of(study, plan_of(study), {}), METRIC).notes


def test_a_variant_that_is_told_the_true_masks_is_marked_and_never_the_best():
    gate = {"gate": {"sweep": {"model.perception.gate": ["open", "oracle"]}}}
    worth = {"full": 0.8, "gate=open": 0.7, "gate=oracle": 0.9}
    table = table_of({(v, c, 0): worth[v] for v in worth for c in ("nut", "bolt")}, seeds=(0,), ablations=gate)
    assert "Oracle: gate=oracle told the true masks of the test images." in table.notes
    ranks = {line.labels[0]: [cell.rank for cell in line.cells] for line in sheet(table, ReportSettings(), "x").lines}
    assert ranks == {"full": [1, 1, 1], "gate=open": [2, 2, 2], "gate=oracle": [0, 0, 0]}
    plain = table_of({("full", "nut", 0): 0.9}, seeds=(0,))
    assert not any("Oracle" in note for note in plain.notes)


def test_the_numbers_of_test_images_are_told_as_far_as_they_are_recorded():
    study = make_study(seeds=[0, 1])
    plan = plan_of(study, "nut", "bolt")
    counts = {"nut": [(20, 63), (20, 63)], "bolt": [(3, 40), (4, 40)]}
    records = {}
    for (variant, category, seed), run_id in plan.cells.items():
        record = done(job_of(study, plan, variant, category, seed))
        normal, anomalous = counts[category][seed]
        more = {"test_normal": normal, "test_anomalous": anomalous}
        records[run_id] = record.model_copy(update={"data": record.data | more})
    said = per_category(results_of(study, plan, records), METRIC).notes[-1]
    assert said == "Test images (normal + anomalous): nut 20 + 63, bolt 3 + 40 or 4 + 40."
    older = {run_id: record for run_id, record in records.items() if record.category == "nut"}
    assert per_category(results_of(study, plan, older), METRIC).notes[-1].endswith("nut 20 + 63.")


def test_the_families_of_several_metrics_are_told_apart():
    study = make_study(ablations=ABLATIONS, report={"metrics": ["image_auroc", "pixel_ap"]})
    plan = plan_of(study, *(f"c{i}" for i in range(10)))
    records = {}
    for variant, category, seed in plan.cells:
        job = job_of(study, plan, variant, category, seed)
        image = 0.5 + (variant != "full") * (0.1 + int(category[1:]) / 100) + (variant[0] == "l") / 1000
        records[job.run_id] = done(job, 0.5, image_auroc=image, pixel_ap=0.5 + (variant != "full") / 10)
    notes = summary(Results(study, plan, records)).notes
    assert notes[-1].endswith("Holm-corrected over the distinct tests of each metric: Image AUROC 2, Pixel AP 1).")
