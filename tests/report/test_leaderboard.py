import math

import numpy as np
import pytest
from hand_made import make_study
from rich.console import Console
from scipy.stats import spearmanr

from ura_study.plan import Variant, changed, make_plan
from ura_study.report.leaderboard import leaderboard, rank_correlation
from ura_study.report.render_search import heading, markdown, notes, terminal
from ura_study.runs.job import Job
from ura_study.runs.record import Record
from ura_study.search.trials import Tried

KEY = "model.synthesis.strength"
SEARCH = {"space": {KEY: {"float": [0.25, 4.0]}}, "trials": 5, "objective": "val_image_auroc"}


def tried(number: int, state: str, value: float | None, **more) -> Tried:
    fields = {"feasible": True, "best": False, "runs": 2, "reason": ""} | more
    params = {KEY: 1.0 + number}
    values = None if value is None else (value,)
    return Tried(number=number, variant=f"search-{number:04}", state=state, values=values, params=params, **fields)


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


def board_of(study):
    variants = [
        Variant(t.variant, changed(study.base, dict(t.params), ""), dict(t.params), "search") for t in FOUND[:4]
    ]
    variants += [
        Variant(t.variant, changed(study.base, {KEY: 0.3 + t.number / 10}, ""), {}, "search") for t in FOUND[4:]
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
    return leaderboard(study, plan, FOUND, records)


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


def test_rank_correlation_says_when_it_knows_nothing():
    assert math.isnan(rank_correlation(np.array([1.0, 2, 3]), np.array([1.0, 2, 3]))[0])
    assert math.isnan(rank_correlation(np.ones(9), np.arange(9.0))[0])
    assert rank_correlation(np.arange(9.0), -np.arange(9.0)) == (-1.0, pytest.approx((-1.0, -1.0)))
    random = np.random.default_rng(0)
    _, (low, high) = rank_correlation(random.normal(size=40), random.normal(size=40))
    assert low < 0 < high


def test_text(board):
    text = markdown(board)
    assert "chosen on validation" in heading(board)
    assert "| **search-0001** | **complete** | **90.0** | **2** | **2** | **85.0** |" in text
    assert "search-0004 failed: The loss must be finite" in text
    assert (
        "7 trials (4 complete, 1 failed, 1 infeasible, 1 pruned); 11 runs, for which 4 detectors were trained" in text
    )
    console = Console(width=160, record=True, quiet=True)
    for part in terminal(board):
        console.print(part)
    assert len(notes(board)) == 3


def test_choosing_on_test_is_called_an_oracle_and_nothing_is_compared():
    board = board_of(study_of(split="test", objective="image_auroc"))
    assert heading(board) == "Search example (ORACLE: chosen on test images)"
    assert board.agreement == ()
    assert list(board.rows.columns).count("image_auroc") == 1
    assert "| **search-0001** | **complete** | **90.0** | **2** | **2** |" in markdown(board)
