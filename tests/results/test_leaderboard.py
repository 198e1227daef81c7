import dataclasses
import io
import math

import pytest
from hand_made import make_study
from rich.console import Console
from scipy.stats import spearmanr

from ura_study.results.leaderboard import leaderboard
from ura_study.runs.job import Job
from ura_study.runs.record import Record
from ura_study.search.trials import TrialSummary
from ura_study.study.plan import Variant, changed, make_plan
from ura_study.tables.formats.markdown import markdown
from ura_study.tables.screen import show_search
from ura_study.tables.search_table import heading, notes, search_frame, search_table
from ura_study.tables.sheet import sheet

KEY = "model.synthesis.strength"
SEARCH = {"space": {KEY: {"float": [0.25, 4.0]}}, "trials": 5, "objective": "val_image_auroc"}


def tried(number: int, state: str, value: float | None, **more) -> TrialSummary:
    fields = {"feasible": True, "best": False, "runs": 2, "reason": ""} | more
    params = {KEY: 1.0 + number}
    values = None if value is None else (value,)
    return TrialSummary(
        number=number, variant=f"search-{number:04}", state=state, values=values, params=params, **fields
    )


FOUND = [
    tried(0, "complete", 0.70),
    tried(1, "complete", 0.90, best=True),
    tried(2, "pruned", 0.95, runs=1),
    tried(3, "complete", 0.80),
    tried(4, "failed", None, reason="The loss must be finite"),
    tried(5, "complete", 0.99, feasible=False),
    tried(6, "complete", 0.60),
]
#: Image AUROC on test by trial: the best on validation is second here.
ON_TEST = {0: 0.71, 1: 0.85, 2: 0.8, 3: 0.88, 5: 0.9, 6: 0.5}


def study_of(**search):
    return make_study(
        data={"validation": 0.2}, search=SEARCH | search, report={"metrics": ["image_auroc", "val_image_auroc"]}
    )


def board_of(study, lost=lambda plan: ()):
    variants = [
        Variant(t.variant, changed(study.baseline, dict(t.params), ""), dict(t.params), "search") for t in FOUND[:4]
    ]
    variants += [
        Variant(t.variant, changed(study.baseline, {KEY: 0.3 + t.number / 10}, ""), {}, "search") for t in FOUND[4:]
    ]
    plan = make_plan(study, {"nut": "n", "bolt": "b"}, variants)
    records = {}
    for (variant, category, _), run_id in plan.cells.items():
        number = int(variant[-4:])
        if number in ON_TEST and not (number == 2 and category == "bolt"):
            value = ON_TEST[number] + (0.01 if category == "nut" else -0.01)
            validation = FOUND[number].values[0]
            records[run_id] = Record.of(
                Job.of(study, plan.runs[run_id]),
                status="done",
                metrics={"image_auroc": value, "val_image_auroc": validation},
                fit_id=f"fit {number % 2} {category}",
            )
    return leaderboard(study, plan, FOUND, {i: r for i, r in records.items() if i not in lost(plan)})


@pytest.fixture
def board():
    return board_of(study_of())


def test_best_first_then_infeasible_pruned_and_failed(board):
    assert board.rows["trial"].tolist() == [1, 3, 0, 6, 5, 2, 4]
    assert board.rows["state"].tolist() == ["complete"] * 4 + ["infeasible", "pruned", "failed"]
    assert board.rows["val_image_auroc"].tolist()[:4] == [0.90, 0.80, 0.70, 0.60]
    assert board.rows[KEY].tolist() == [2.0, 4.0, 1.0, 7.0, 6.0, 3.0, 5.0]


def test_test_figures_are_means_over_categories_of_what_is_complete(board):
    assert board.rows["image_auroc"].tolist()[:2] == pytest.approx([0.85, 0.88])
    assert math.isnan(board.rows["image_auroc"].tolist()[5])  # pruned: not on all categories
    assert math.isnan(board.rows["image_auroc"].tolist()[6])


def test_runs_and_trainings_are_counted(board):
    assert (board.runs, board.trained) == (11, 4)


def test_agreement_is_the_rank_correlation_of_validation_with_test(board):
    (agreement,) = board.agreement
    expected = spearmanr([0.70, 0.90, 0.80, 0.99, 0.60], [0.71, 0.85, 0.88, 0.9, 0.5]).statistic
    assert agreement.spearman == pytest.approx(expected)
    assert agreement.variants == 5
    assert -1 <= agreement.interval[0] <= agreement.spearman <= agreement.interval[1] <= 1


def lines_of(board):
    shown = sheet(search_table(board), board.study.report, board.study.study)
    return {line.labels[0]: (line.labels[1:], [cell.text for cell in line.cells]) for line in shown.lines}, shown


def test_table(board):
    lines, shown = lines_of(board)
    assert shown.stubs == ("variant", "state", "strength")
    assert [text for text, _ in shown.headings] == ["Validation image AUROC (%)", "runs", "Image AUROC (%)"]
    assert list(lines) == [f"search-000{n}" for n in (1, 3, 0, 6, 5, 2, 4)]
    assert lines["search-0001"] == (("best", "2"), ["90.0", "2", "85.0"])
    assert lines["search-0005"] == (("infeasible", "6"), ["99.0", "2", "90.0"])
    assert lines["search-0002"] == (("pruned", "3"), ["95.0", "1", "–"])
    assert lines["search-0004"] == (("failed", "5"), ["–", "2", "–"])


def test_only_objectives_of_complete_trials_within_limits_are_ranked(board):
    _, shown = lines_of(board)
    assert [[cell.rank for cell in line.cells] for line in shown.lines] == [[1, 0, 0], [2, 0, 0], *[[0, 0, 0]] * 5]


def test_runs_behind_the_cells(board):
    table = search_table(board)
    by_name = {row.labels[0]: row.cells for row in table.rows}
    assert [len(cell.run_ids) for cell in by_name["search-0001"]] == [2, 0, 2]
    assert [len(cell.run_ids) for cell in by_name["search-0002"]] == [1, 0, 0]
    assert set(by_name["search-0001"][0].run_ids) == set(board.recorded["search-0001"])


def test_notes_say_what_the_numbers_are(board):
    text = " ".join(notes(board))
    assert (
        "7 trials (4 complete, 1 failed, 1 infeasible, 1 pruned); 11 runs, for which 4 detectors were trained." in text
    )
    assert "search-0004 failed: The loss must be finite." in text
    assert "Objectives of pruned trials are over the runs that were done" in text
    assert "chosen on validation" in heading(board)


def test_raw_numbers_say_on_what_trials_were_chosen(board):
    frame = search_frame(board)
    assert frame["split"].unique().tolist() == ["validation"]
    assert frame[KEY].tolist() == board.rows[KEY].tolist()


@pytest.mark.parametrize(("width", "tested"), [(160, True), (76, False)])
def test_a_narrow_window_leaves_out_what_is_for_information(board, width, tested):
    console = Console(width=width, file=io.StringIO())
    show_search(board, console)
    text = console.file.getvalue()
    assert ("85.0" in text) == tested
    assert ("in search.md" in text) != tested
    assert "90.0" in text


def test_choosing_on_test_is_called_an_oracle_and_nothing_is_compared():
    board = board_of(study_of(split="test", objective="image_auroc"))
    assert heading(board) == "Search example (ORACLE: chosen on test images)"
    assert board.agreement == ()
    assert list(board.rows.columns).count("image_auroc") == 1
    shown = sheet(search_table(board), board.study.report, "example")
    assert shown.caption.startswith("Search example (ORACLE: ")
    assert "| search-0001 | best | 2 | **90.0** | 2 |\n" in markdown(shown)


def test_a_trial_whose_records_were_deleted_is_missing():
    board = board_of(study_of(), lambda plan: plan.ids["search-0003"][:1])
    lines, _ = lines_of(board)
    assert lines["search-0003"] == (("complete", "4"), ["80.0", "2", "1 missing"])
    assert math.isnan(board.rows["image_auroc"].tolist()[1])
    (agreement,) = board.agreement
    assert agreement.variants == 4


def test_all_records_deleted():
    board = board_of(study_of(), lambda plan: plan.runs)
    assert (board.runs, board.trained) == (0, 0)
    assert {texts[2] for _, texts in lines_of(board)[0].values()} == {"2 missing", "–"}
    assert math.isnan(board.agreement[0].spearman)


def test_a_pareto_front_and_what_costs():
    costly = {"metric": "val_image_auroc", "minus": {"parameters": 1}}
    study = study_of(objective=["val_image_auroc", {"metric": "parameters"}, costly])
    values = [(0.9 - n / 10, 1234567.0 + n, -0.01 * n) for n in range(3)]
    found = [dataclasses.replace(tried(n, "complete", 0.0, best=n < 2), values=three) for n, three in enumerate(values)]
    variants = [Variant(t.variant, changed(study.baseline, t.params, ""), {}, "search") for t in found]
    plan = make_plan(study, {"nut": "n"}, variants)
    shown = sheet(search_table(leaderboard(study, plan, found, {})), study.report, "x")
    assert [line.labels[1] for line in shown.lines] == ["Pareto front", "Pareto front", "complete"]
    assert [[cell.text for cell in line.cells[:3]] for line in shown.lines] == [
        ["90.0", "1,234,567", "0"],
        ["80.0", "1,234,568", "−0.01"],
        ["70.0", "1,234,569", "−0.02"],
    ]
    assert [line.cells[1].rank for line in shown.lines] == [1, 2, 0]
    assert [line.cells[2].rank for line in shown.lines] == [1, 2, 0]
