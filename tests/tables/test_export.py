import io
import sys

import pandas as pd
import pytest
from hand_made import done, failed, job_of, make_study, plan_of
from made_up import made_details, with_details

from ura_study.errors import ConfigError, ResourceError
from ura_study.results.results import Results, Search
from ura_study.runs.job import Job
from ura_study.search.trials import TrialSummary
from ura_study.study.plan import Variant, changed, make_plan
from ura_study.tables.export import MAKERS, as_data, as_text, explained, frame_of, sheets
from ura_study.tables.names import ENDINGS, TABLES

ABLATIONS = {
    "parts": {"leave_one_out": ["model.restoration"]},
    "layers": {"sweep": {"features.layers": [[2, 3]]}},
}
KEY = "model.synthesis.strength"
STUDY = make_study(
    ablations=ABLATIONS,
    seeds=[0, 1],
    data={"validation": 0.2},
    search={"space": {KEY: {"float": [0.25, 4.0]}}, "trials": 3, "objective": "val_image_auroc"},
    report={"metrics": ["image_auroc", "pixel_ap"]},
)
PLAN = plan_of(STUDY, "nut", "bolt")
#: `test_effects_table` has a study with effects.
NAMES = [name for name in TABLES if name != "effects"]
VALUES = {1: 0.9, 2: 0.8}
TRIED = [
    TrialSummary(n, f"search-000{n}", "complete", (value,), {KEY: n + 0.5}, True, value == 0.9, 4, "")
    for n, value in VALUES.items()
]
VARIANTS = [Variant(t.variant, changed(STUDY.baseline, t.params, ""), t.params, "search") for t in TRIED]
LOST = ("w/o restoration", "bolt", 0)


def plain(*cell):
    return made_details(pictures=())


@pytest.fixture
def results(tmp_path):
    jobs = {cell: job_of(STUDY, PLAN, *cell) for cell in PLAN.cells}
    values = {cell: 0.5 + i / 100 for i, cell in enumerate(jobs)}
    records = {job.run_id: failed(job) if cell == LOST else done(job, values[cell]) for cell, job in jobs.items()}
    found = make_plan(STUDY, PLAN.fingerprints, VARIANTS)
    records |= {i: done(job_of(STUDY, found, run.variant, run.category, run.seed)) for i, run in found.runs.items()}
    return with_details(Results(STUDY, PLAN, records, search=Search(TRIED, found)), tmp_path, plain)


@pytest.fixture
def rough():
    study = make_study(ablations={"rough": {"sweep": {"data.corruption.kind": ["shift"]}}})
    plan = plan_of(study, "nut", "bolt")
    return Results(study, plan, {run.run_id: done(Job.of(study, run)) for run in plan.runs.values()})


@pytest.fixture
def make(results, rough):
    """Return the tables of a name, and the results they are made of: those of robustness need a study of their own."""

    def made(name):
        of = rough if name == "robustness" else results
        return MAKERS[name](of), of

    return made


def test_every_named_table_is_made(make):
    assert tuple(MAKERS) == TABLES
    for name in NAMES:
        tables, _ = make(name)
        assert {table.name for table in tables} == {name}
        assert all(len(row.cells) == len(table.columns) for table in tables for row in table.rows)
        assert all(len(row.labels) == len(table.stubs) for table in tables for row in table.rows)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["latex", "markdown", "html"])
@pytest.mark.parametrize("standalone", [False, True])
def test_text_of_every_table(make, name, form, standalone):
    tables, _ = make(name)
    text = as_text(sheets(tables, STUDY.report, "example"), form, "example", standalone).decode()
    begin = {"latex": r"\begin{tabular}{", "markdown": "### ", "html": "<thead>"}[form]
    assert text.count(begin) == len(tables)
    whole = {"latex": r"\documentclass", "markdown": "# example\n", "html": "<!DOCTYPE html>"}[form]
    assert text.startswith(whole) == standalone


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_data_of_every_table_can_be_read_back(make, name, form):
    frame = frame_of(name, *make(name))
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet}[form](io.BytesIO(as_data(frame, form)))
    assert list(read.columns) == list(frame.columns)
    assert len(read) == len(frame) > 0
    for column in frame.select_dtypes("number"):
        pd.testing.assert_series_equal(read[column], frame[column], check_dtype=False)


def test_excel(results):
    openpyxl = pytest.importorskip("openpyxl")
    frame = frame_of("summary", MAKERS["summary"](results), results)
    sheet = openpyxl.load_workbook(io.BytesIO(as_data(frame, "excel"))).active
    assert [cell.value for cell in sheet[1]] == list(frame.columns)


def test_excel_without_its_package(results, monkeypatch):
    for module in [name for name in sys.modules if name.split(".")[0] == "openpyxl"] or ["openpyxl"]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ResourceError, match=r"Excel files need openpyxl: pip install 'ura-study\[excel\]'"):
        as_data(frame_of("summary", MAKERS["summary"](results), results), "excel")


def test_every_format_has_an_ending():
    assert set(ENDINGS) == {"latex", "markdown", "html", "csv", "parquet", "excel"}


def test_runs_as_data_hold_all_that_is_recorded(results):
    frame = frame_of("runs", MAKERS["runs"](results), results)
    assert len(frame) == len(PLAN.cells)
    assert {"run_id", "fit_seconds", "failure", "image_f1_max"} <= set(frame)


def test_explanations_name_the_runs_of_every_cell(results):
    tables = MAKERS["summary"](results)
    lines = explained(tables, sheets(tables, STUDY.report, "example")).splitlines()
    assert lines[0] == "Means over categories (%)"
    ids = [PLAN.cells["full", category, seed] for category in ("nut", "bolt") for seed in (0, 1)]
    assert lines[1] == f"  full · Image AUROC: 51.5 ± 1.4 from {', '.join(ids)}"
    assert lines[3].startswith("  w/o restoration · Image AUROC: 1 failed from ")
    assert len(lines) == 1 + 3 * 2


@pytest.mark.parametrize("name", ["per_category", "comparison", "cost", "runs", "components", "sweep"])
def test_all_runs_are_behind_some_cell(results, name):
    tables = MAKERS[name](results)
    text = explained(tables, sheets(tables, STUDY.report, "example"))
    missing = {run_id for run_id in PLAN.runs if run_id not in text}
    pair = {PLAN.cells[variant, *LOST[1:]] for variant in ("full", "w/o restoration")}
    if name == "comparison":  # a failed run is in no pair; its partner is in pairs with other variants
        assert missing == {PLAN.cells[LOST]} < pair
    else:
        kept = {"components": ["full", "w/o restoration"], "sweep": ["full", "layers=[2, 3]"]}.get(name)
        unseen = {i for (v, _, _), i in PLAN.cells.items() if kept and v not in kept}
        assert missing == unseen


def test_reported_rows_are_explained_by_their_citation(results, tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("rows:\n  - {method: PatchCore, cite: roth2022, image_auroc: 99.1}\n")
    report = STUDY.report.model_copy(update={"reported": str(path)})
    with_reported = Results(STUDY.model_copy(update={"report": report}), PLAN, results.records)
    tables = MAKERS["summary"](with_reported)
    assert "  PatchCore: reported in roth2022\n" in explained(tables, sheets(tables, report, "example"))
    frame = frame_of("summary", tables, with_reported)
    assert frame.citation.tolist()[-1] == "roth2022"
    assert frame.image_auroc.tolist()[-1] == pytest.approx(0.991)


def test_trials_as_data_have_all_digits(results):
    frame = frame_of("search", MAKERS["search"](results), results)
    assert frame[KEY].tolist() == [1.5, 2.5]
    assert frame.val_image_auroc.tolist() == [0.9, 0.8]
    assert frame.best.tolist() == [True, False]


def test_no_table_of_a_search_that_has_not_begun(results):
    with pytest.raises(ConfigError, match="a table of a search needs one that has begun"):
        MAKERS["search"](Results(STUDY, PLAN, results.records))
