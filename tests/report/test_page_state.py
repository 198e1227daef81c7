import dataclasses

import pytest
from hand_made import done, job_of, make_study, plan_of
from pages import Page

from ura_study.report.page.document import page, rendered
from ura_study.report.page.state import state_of
from ura_study.results.results import Results, Search
from ura_study.runs.job import Job
from ura_study.runs.record import Record
from ura_study.search.trials import TrialSummary
from ura_study.search.variants import with_best
from ura_study.study.plan import Variant, changed, joined, make_plan

KEY = "model.synthesis.strength"
SEARCH = {"space": {KEY: {"float": [0.25, 4.0]}}, "trials": 5, "objective": "val_image_auroc"}
ORACLE = {"split": "test", "objective": "image_auroc"}


def tried(number, state="complete", value=None, **more):
    fields = {"feasible": True, "best": False, "runs": 1, "reason": ""} | more
    values = None if value is None else (value,)
    return TrialSummary(number, f"search-{number:04}", state, values, {KEY: 1.5 + number / 4}, **fields)


FOUND = [
    *(tried(n, value=0.9 - n / 10, best=n == 0) for n in range(4)),
    tried(4, "failed", runs=0, reason="<b>no</b> loss"),
]


def made(trials=FOUND, **keys):
    """Return the results of a study that has searched."""
    study = make_study(data={"validation": 0.2}, search=SEARCH | keys, report={"metrics": ["image_auroc"]})
    base = plan_of(study)
    variants = [Variant(t.variant, changed(study.baseline, dict(t.params), ""), t.params, "search") for t in trials]
    plan = make_plan(study, base.fingerprints, variants)
    records = {job_of(study, base, "full").run_id: done(job_of(study, base, "full"))}
    for trial in trials:
        run = plan.runs[plan.cells[trial.variant, "nut", 0]]
        value = trial.values[0] if trial.values else 0.5
        metrics = {"image_auroc": value - 0.05, "val_image_auroc": value}
        records[run.run_id] = Record.of(Job.of(study, run), status="done", metrics=metrics)
    return Results(study, with_best(study, base, plan, trials), records, search=Search(trials, plan))


def test_the_best_variant_joins_the_plan():
    results = made()
    assert [variant.name for variant in results.plan.variants] == ["full", "search-0000"]
    assert results.plan.variants == joined(results.plan, results.plan).variants


@pytest.mark.parametrize(
    ("trials", "keys", "finished"),
    [
        (FOUND, {}, True),
        (FOUND[:4], {}, False),
        (FOUND[:4], {"patience": 3}, True),
        ([*FOUND[:4], tried(4, "running", runs=0)], {}, False),
    ],
    ids=["all trials", "a trial to make", "patience is over", "a trial at work"],
)
def test_a_search_is_finished_with_its_trials(trials, keys, finished):
    state = state_of(made(trials, **keys))
    assert state.finished == finished
    runs, word = len(trials) + 1, "Finished" if finished else "Unfinished"  # those of the trials, and of `full`
    assert state.sentence.startswith(f"{word}: {runs} of {runs} runs are done. Search: ")


def test_a_search_that_has_not_begun():
    state = state_of(dataclasses.replace(made(), search=None))
    assert not state.finished
    assert "Search: 0 of 5 trials" in state.sentence


def test_the_leaderboard_and_its_agreement_are_on_the_page():
    read = Page(rendered(page(made())))
    rows = read.table("search-1")
    assert rows[0] == ["variant", "state", "strength", "Validation image AUROC (%)", "runs", "Image AUROC (%)"]
    assert rows[1] == ["search-0000", "best", "1.5", "90.0", "1", "85.0"]
    assert [row[0] for row in rows[1:]] == [f"search-{n:04}" for n in range(5)]
    first = read.by_id("search-1").all("tr")[1].children
    assert [cell.attributes.get("data-value") for cell in first[2:]] == ["1.5", "0.9", "1.0", "0.85"]
    assert read.by_id("search-1").all("tr")[5].children[3].attributes["data-value"] == ""
    notes = read.by_id("search-1-notes").text
    assert "Spearman's rho between the figures on validation and on test is 1.00 over 4 variants" in notes
    assert "search-0004 failed: <b>no</b> loss" in notes
    assert "chosen on validation" in read.by_id("search-1-caption").text
    assert "racle" not in read.root.text


def test_an_oracle_is_called_one_at_the_top_and_on_its_tables():
    read = Page(rendered(page(made(**ORACLE))))
    (warning,) = [e for e in read.root.all("p") if e.attributes.get("role") == "note"]
    assert warning.text.strip().startswith("Oracle: variants were chosen by the search on the test images.")
    assert "ORACLE" in read.by_id("search-1-caption").text
    for table in ("summary-1", "categories-1", "comparisons-1"):
        assert "Oracle: search-0000 chosen on test images." in read.by_id(f"{table}-notes").text
