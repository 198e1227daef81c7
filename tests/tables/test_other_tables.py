"""The tables of costs, comparisons and runs."""

import dataclasses
import math

import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from measured import measurement

from ura_study.results.results import Results
from ura_study.runs.latency import append, measurable
from ura_study.tables.comparison_table import brief, comparison, comparison_table
from ura_study.tables.cost_table import cost
from ura_study.tables.formats.flat import flat
from ura_study.tables.runs_table import runs
from ura_study.tables.sheet import sheet

METRIC = "image_auroc"
STUDY = make_study(ablations=ABLATIONS, seeds=[0, 1], report={"metrics": [METRIC]})
PLAN = plan_of(STUDY, "nut", "bolt")
JOBS = {cell: job_of(STUDY, PLAN, *cell) for cell in PLAN.cells}


def results(changes):
    """All runs are done with 0.5, apart from those in `changes`: a record, or None for none."""
    found = {cell: changes.get(cell, done(job)) for cell, job in JOBS.items()}
    return Results(STUDY, PLAN, {record.run_id: record for record in found.values() if record is not None})


def timed(cell, seconds, **fields):
    record = done(JOBS[cell])
    return record.model_copy(update={"timings": record.timings | {"fit_seconds": seconds}} | fields)


def test_cost_is_a_mean_over_categories():
    table = cost(results({("full", "nut", 0): timed(("full", "nut", 0), 10.0)}))
    assert [(c.key, c.kind) for c in table.columns] == [
        ("fit_seconds", "seconds"),
        ("score_ms_per_image", "milliseconds"),
        ("flops", "flops"),
        ("detector_flops", "flops"),
        ("parameters", "count"),
        ("all_parameters", "count"),
        ("detector_bytes", "bytes"),
    ]
    full = table.rows[0].cells
    assert full[0].values == (8.0, 6.0)  # seed 0: (10 + 6) / 2
    assert [cell.mean for cell in full[1:6]] == [20.0, 5e9, 2e9, 1000, 2_001_000]
    assert table.notes[1] == (
        "Scoring per image leaves the frozen backbone out and was taken while other runs shared the machine; "
        "`ura-study latency` measures it alone."
    )


def test_latency_that_was_measured_alone_takes_the_place_of_what_runs_took(tmp_path):
    """Two of the variants are of one network; the third was not measured."""
    made = results({})
    sized = {i: r.model_copy(update={"flops": 7}) for i, r in made.records.items() if r.variant == "layers=[2, 3]"}
    found = dataclasses.replace(made, records=made.records | sized, folder=tmp_path)
    key, _ = measurable(PLAN, found.records, STUDY.data)["full"]
    append(tmp_path, measurement(key, 12.0, others=0.3))
    table = cost(found)
    assert [column.key for column in table.columns][:5] == [
        *("latency_1", "latency_1_decoded", "latency_8", "latency_8_decoded"),
        "fit_seconds",
    ]
    assert "score_ms_per_image" not in {column.key for column in table.columns}
    printed = sheet(table, STUDY.report, STUDY.study)
    full, layers, without = (line.cells[:4] for line in printed.lines)
    shown = ["12.0 [11.0, 14.0]", "17.0 [16.0, 19.0]", "3.0 [2.0, 5.0]", "8.0 [7.0, 10.0]"]
    assert [cell.text for cell in full] == [cell.text for cell in without] == shown
    assert [cell.text for cell in layers] == ["–"] * 4
    assert table.notes[1:3] == (
        "Latency: median [quartiles] per image from decoded images to their maps and scores, backbone included, with "
        "decoding from files; alone and warmed up, on Z80, 2 threads, PyTorch 2.9, of the detector of nut.",
        "The machine was busy meanwhile: full, w/o restoration.",
    )


def test_operations_are_printed_in_billions():
    printed = sheet(cost(results({})), STUDY.report, STUDY.study)
    assert (printed.headings[2][0], printed.lines[0].cells[2].text) == ("Operations (GFLOPs)", "5.00")


def test_memory_of_old_records_is_undefined_and_never_averaged_away():
    cell = ("full", "nut", 0)
    full, other = cost(results({cell: timed(cell, 6.0, detector_bytes=None)})).rows[:2]
    assert (full.cells[6].undefined, math.isnan(full.cells[6].mean)) == (1, True)
    assert (other.cells[6].undefined, other.cells[6].mean) == (0, 1_500_000)


def test_memory_is_printed_in_megabytes_and_stays_bytes_in_data():
    table = cost(results({}))
    printed = sheet(table, STUDY.report, STUDY.study)
    assert (printed.headings[6][0], printed.lines[0].cells[6].text) == ("Detector (MB)", "1.50")
    assert flat([table])["detector_bytes"][0] == 1_500_000


def test_the_peak_on_a_gpu_is_shown_where_there_was_one():
    cell = ("full", "nut", 0)
    table = cost(results({cell: timed(cell, 6.0, gpu_peak_bytes=64_000_000)}))
    assert [column.key for column in table.columns][-1] == "gpu_peak_bytes"
    assert (table.rows[0].cells[-1].undefined, table.rows[1].cells[-1].undefined) == (1, 2)  # of nut's two seeds
    assert table.notes[0] == "Means over categories ± standard deviation over 2 seeds."
    assert table.notes[3:5] == (
        "Peak GPU memory: the most that tensors took at once while images were scored, at most 8 at a time; the "
        "anomaly maps of all images are part of it.",
        "Peak GPU memory: mean without bolt, where it was not measured.",
    )


def test_cost_of_failed_runs_is_not_averaged_away():
    assert cost(results({("full", "nut", 0): failed(JOBS["full", "nut", 0])})).rows[0].cells[0].failed == 1


def test_cost_says_on_which_machines():
    cpu = {"device": "cpu", "processor": "Z80", "threads": 2}
    changes = {
        ("full", "nut", 0): timed(("full", "nut", 0), 1.0, provenance=cpu),
        ("full", "nut", 1): timed(("full", "nut", 1), 1.0, provenance={"device": "H100", "processor": "Z80"}),
    }
    assert cost(results(changes)).notes[-1] == "Runs were on Z80, 2 threads; H100."
    assert cost(results({})).notes[-1] == "Runs were on machines that are not recorded."


def test_a_comparison_counts_what_it_leaves_out():
    cell = ("w/o restoration", "nut", 0)
    table = comparison(results({cell: failed(JOBS[cell]), ("full", "bolt", 1): None}), METRIC)
    by_variant = {
        row.labels[0]: dict(zip((c.key for c in table.columns), row.cells, strict=True)) for row in table.rows
    }
    row = by_variant["w/o restoration"]
    assert (row["difference"].failed, row["difference"].missing, row["difference"].mean) == (1, 1, 0.0)
    assert [row[key].mean for key in ("units", "pairs", "left_out")] == [2, 2, 2]
    assert "3 pairs left out: 1 with a failed run, 2 with a missing run." in table.notes
    assert not any("Too few" in note for note in table.notes)  # no difference is no matter of numbers


def test_too_few_units_are_said():
    changes = {(v, c, s): done(JOBS[v, c, s], 0.6) for v, c, s in JOBS if v != "full" and (v[0], c) != ("w", "nut")}
    notes = comparison(results(changes), METRIC).notes
    assert notes[1:] == (
        "Holm's correction is over 2 distinct tests of this metric.",
        "Too few to be sure: 1 category with a difference can give no p below 1 (1 after correction); "
        "2 categories none below 0.5 (1 after correction).",
        "A single unit has no interval, nor have units that all differ alike.",
    )


def test_what_does_not_matter_in_practice_is_said_and_what_only_seems_so():
    study = make_study(ablations=ABLATIONS, report={"metrics": [METRIC], "rope": 0.2})

    def notes(categories):
        plan = plan_of(study, *categories)
        jobs = {cell: job_of(study, plan, *cell) for cell in plan.cells}
        gains = {"full": 0.0, "layers=[2, 3]": 0.001, "w/o restoration": 0.003}
        records = {job.run_id: done(job, 0.9 + gains[variant]) for (variant, _, _), job in jobs.items()}
        return comparison(Results(study, plan, records), METRIC).notes

    sentence = "No practical difference (P(equivalent) > 0.95 within ±0.2 points, wherever the prior is placed)"
    assert f"{sentence}: layers=[2, 3]." in notes("abcdef")
    few = "P(equivalent) > 0.95 on too few units to rule out a practical difference: layers=[2, 3]."
    assert few in notes("abcde")
    assert not any(sentence in note for note in notes("abcde"))


def test_a_smaller_value_may_be_better():
    columns = [column.key for column in comparison_table("comparison", "ECE", "ece", (), 0.005).columns]
    assert columns[4:7] == ["P(better)", "P(equivalent)", "P(worse)"]
    columns = [column.key for column in comparison_table("comparison", "", "uncertainty_inside", (), 0.005).columns]
    assert columns[4:7] == ["P(lower)", "P(equivalent)", "P(higher)"]


def test_a_comparison_without_pairs_says_so():
    table = comparison(results(dict.fromkeys(JOBS)), METRIC)
    assert [cell.text for cell in table.rows[0].cells[:4]] == ["no pair"] * 4
    assert not any("Too few" in note for note in table.notes)


def test_brief():
    table = brief(comparison(results({}), METRIC))
    assert [column.key for column in table.columns] == ["difference", "p_holm"]
    assert {len(row.cells) for row in table.rows} == {2}
    assert not any("Wilcoxon" in note for note in table.notes)


def test_every_run_is_a_row_of_runs():
    cell = ("w/o restoration", "nut", 0)
    table = runs(results({cell: failed(JOBS[cell])}))
    assert [row.labels for row in table.rows] == [(v, c, str(s)) for v, c, s in PLAN.cells]
    assert [row.cells[0].run_ids for row in table.rows] == [(run_id,) for run_id in PLAN.cells.values()]
    lost = next(row.cells[0] for row in table.rows if row.labels == ("w/o restoration", "nut", "0"))
    assert dataclasses.replace(lost, run_ids=()) == dataclasses.replace(lost, values=(), failed=1, run_ids=())


@pytest.mark.parametrize("variants", [{}, {"same": {"sweep": {"training.batch_size": [8]}}}])
def test_nothing_to_compare(variants):
    study = make_study(base={"training": {"batch_size": 8}}, ablations=variants)
    assert comparison(Results(study, plan_of(study), {}), METRIC).rows == ()
