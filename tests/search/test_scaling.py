"""Trials compared by ranks or standard scores: by hand, and where that chooses another one than the plain mean."""

import pytest
from simulated import Laboratory, lost, measured, searching

from ura_study.canonical import digest
from ura_study.errors import ConfigError
from ura_study.results.leaderboard import leaderboard
from ura_study.search.objective import value
from ura_study.search.objective_config import ObjectiveSettings
from ura_study.search.scaling import parts, scale_of, scaled, worths
from ura_study.search.trials import headline, stale, trials
from ura_study.tables.search_table import notes, search_table

MEAN = ("val_image_auroc", "val_pixel_aupro")
RANK = {"scale": "rank", "minimizes": False, "over": "mean"}


def test_ranks_by_hand():
    found = [{"nut": [0.9, 0.1], "cap": [0.5, 0.3]}, {"nut": [0.7, 0.2], "cap": [0.6, 0.3]}]
    # nut: ranks (1, 0) and (0, 1); cap: (0, 1/2) and (1, 1/2), as equal values share their rank
    assert scaled(found, RANK) == [(1 / 2 + 1 / 4) / 2, (1 / 2 + 3 / 4) / 2]
    assert scaled(found, RANK | {"over": "worst"}) == [1 / 4, 1 / 2]
    assert scaled(found, RANK | {"minimizes": True}) == [(1 / 2 + 3 / 4) / 2, (1 / 2 + 1 / 4) / 2]
    assert scaled(found[:1], RANK) == [1.0]
    assert scaled([], RANK) == []


def test_categories_are_compared_by_name_and_not_by_their_order():
    found = [{"nut": [0.9], "cap": [0.2]}, {"cap": [0.1], "nut": [0.8]}]
    assert scaled(found, RANK) == [1.0, 0.0]


def test_standard_scores_by_hand():
    found = [{"nut": [1.0, 5.0]}, {"nut": [2.0, 5.0]}, {"nut": [6.0, 5.0]}]
    # mean 3, standard deviation √(14/3); the second metric is equal everywhere
    deviation = (14 / 3) ** 0.5
    assert scaled(found, RANK | {"scale": "standard"}) == pytest.approx([v / deviation / 2 for v in (-2, -1, 3)])
    equal = [{"nut": [0.1 + 0.2]}, {"nut": [0.3 + 0.0]}, {"nut": [0.1 + 0.2]}]
    assert scaled(equal[:1] * 3, RANK | {"scale": "standard"}) == [0.0, 0.0, 0.0]


def test_a_quantile_is_on_the_same_side_as_that_of_the_values():
    """A high quantile of an error is the bad end, with a scale as without."""
    numbers = [(0.1, 0.2, 0.9), (0.2, 0.3, 0.1)]
    variants = [[(name, 0, {"val_ece": v}) for name, v in zip("abc", each, strict=True)] for each in numbers]
    plain, ranked = (ObjectiveSettings(metric="val_ece", over="q90", scale=scale) for scale in ("none", "rank"))
    # errors: the first variant has ranks (1, 1, 0), 1 is best, the second (0, 0, 1); the tenth quantile of each
    assert worths(plain, variants) == [value(plain, rows) for rows in variants] == pytest.approx([0.76, 0.28])
    assert worths(ranked, variants) == pytest.approx([0.2, 0.0])


def test_parts_are_means_over_seeds():
    objective = ObjectiveSettings(mean=MEAN, scale="rank")
    rows = [("nut", seed, {MEAN[0]: 0.5 + seed / 10, MEAN[1]: 0.2}) for seed in (0, 1)]
    assert parts(objective, rows) == {"nut": [pytest.approx(0.55), 0.2]}


#: Metrics of a trial by the order of trials: the second is much better in one metric of one category alone.
VALUES = [(0.80, 0.90), (0.79, 0.89), (0.81, 0.91), (0.78, 0.88)]


def outcome(job):
    """The second trial wins brick's AUPRO by far, the third everything else by a little."""
    image, pixel = VALUES[int(job.variant[-4:])]
    if job.category == "brick":
        pixel = (0.3, 0.9, 0.31, 0.29)[int(job.variant[-4:])]
    record = measured(job, 0.5)
    return record.model_copy(update={"metrics": record.metrics | {MEAN[0]: image, MEAN[1]: pixel}})


def lab_of(folder, scale, **search):
    strengths = [{"model.synthesis.strength": value} for value in (1.0, 2.0, 3.0)]
    objective = {"mean": list(MEAN), "scale": scale}
    settings = {"trials": 3, "objective": objective, "enqueue": strengths, "pruner": "none", "seeds": [0]} | search
    return Laboratory(searching(**settings), folder, outcome)


def best(lab):
    return [trial.number for trial in trials(lab.tried) if trial.best]


def test_a_scale_may_choose_another_trial_than_the_plain_mean(tmp_path):
    chosen = {}
    for scale in ("none", "rank", "standard"):
        lab = lab_of(tmp_path / scale, scale)
        lab.work()
        chosen[scale] = best(lab)
        assert lab.tried.best_trial.number == 1  # what Optuna is told is the plain mean in any case
    assert chosen == {"none": [1], "rank": [2], "standard": [2]}


def test_interrupted_it_chooses_as_if_undisturbed(tmp_path):
    whole, cut = (lab_of(tmp_path / name, "rank") for name in ("whole", "cut"))
    whole.work()
    for _ in range(30):
        cut.work(most=1)
    assert [(t.scaled, t.best) for t in trials(cut.tried)] == [(t.scaled, t.best) for t in trials(whole.tried)]


def test_where_a_first_seed_has_failed_categories_are_not_mixed_up(tmp_path):
    """With `max_failed` the categories of a trial may begin in another order: the first run on brick is lost."""

    def outcome_or_lost(job):
        failed = job.category == "brick" and job.seed == 0 and job.variant == "search-0000"
        return lost(job) if failed else outcome(job)

    lab = lab_of(tmp_path, "rank", seeds=[0, 1], max_failed=0.5)
    lab.outcome = outcome_or_lost
    lab.work()
    assert [list(trial.user_attrs["parts"]) for trial in lab.tried.trials[:2]] == [
        ["grass", "nut", "pill", "brick"],
        ["brick", "grass", "nut", "pill"],
    ]
    undisturbed = lab_of(tmp_path / "undisturbed", "rank")
    undisturbed.work()
    assert [t.scaled for t in trials(lab.tried)] == pytest.approx([t.scaled for t in trials(undisturbed.tried)])


def test_with_patience_a_search_ends_by_the_scale(tmp_path):
    ended = {}
    for scale in ("none", "rank"):
        lab = lab_of(tmp_path / scale, scale, patience=1)
        lab.work()
        ended[scale] = [trial.number for trial in trials(lab.tried)], best(lab)
    assert ended == {"none": ([0, 1, 2], [1]), "rank": ([0, 1], [0])}


def test_what_was_pruned_has_no_rank(tmp_path):
    lab = lab_of(tmp_path, "rank", pruner="wilcoxon", trials=6, seeds=[0, 1, 2])
    hard = {"brick": 0.9, "grass": 0.8, "nut": 0.7, "pill": 0.6}
    lab.outcome = lambda job: measured(job, hard[job.category] - 0.1 * int(job.variant[-4:]))
    lab.work()
    assert {(trial.state, trial.scaled is None) for trial in trials(lab.tried)} == {
        ("complete", False),
        ("pruned", True),
    }


def test_patience_counts_from_the_best_on_the_scale(tmp_path):
    ranked, plain = lab_of(tmp_path / "ranked", "rank"), lab_of(tmp_path / "plain", "none")
    for lab in (ranked, plain):
        lab.work()
    assert (stale(ranked.tried), stale(plain.tried)) == (0, 1)


def test_what_is_beyond_a_limit_is_not_compared(tmp_path):
    limit = {"mean": list(MEAN), "scale": "rank", "subject_to": {MEAN[1]: {"max": 0.755}}}
    lab = lab_of(tmp_path, "rank", objective=limit)
    lab.work()
    assert [(trial.feasible, trial.scaled) for trial in trials(lab.tried)] == [
        (True, 1.0),
        (False, None),
        (False, None),
    ]
    assert best(lab) == [0]


def test_it_is_told_where_the_user_looks(tmp_path):
    lab = lab_of(tmp_path, "rank")
    lab.work()
    found = trials(lab.tried)
    assert headline(found, lab.study.search) == (
        "search: 3 of 3 trials, best by mean rank, 0.938, with mean(val_image_auroc, val_pixel_aupro) 0.785 "
        "(search-0002)"
    )
    board = leaderboard(lab.study, lab.open().plan(), found, {})
    assert [line["variant"] for line in board.rows.to_dict("records")] == ["search-0002", "search-0000", "search-0001"]
    assert board.rows["scaled"].tolist() == pytest.approx([t.scaled for t in (found[2], found[0], found[1])])
    table = search_table(board)
    assert [column.heading for column in table.columns[:2]] == ["mean rank", "mean(val_image_auroc, val_pixel_aupro)"]
    assert notes(board)[0] == (
        "The best is chosen by the mean rank among the complete trials within all limits, taken in each category and "
        "metric before they are averaged. Sampler and pruner saw the plain values."
    )
    (agreement,) = board.agreement
    assert agreement.metric == "mean rank of mean(val_image_auroc, val_pixel_aupro)"


def test_validation_and_test_are_compared_on_the_scale(tmp_path):
    """On test the trials are ordered as the scale orders them on validation; the plain values are ordered otherwise."""
    rho = {}
    for scale in ("none", "rank"):
        lab = lab_of(tmp_path / scale, scale, trials=4)
        lab.outcome = lambda job: on_test(outcome(job))
        lab.work()
        session = lab.open()
        board = leaderboard(lab.study, session.plan(), trials(lab.tried), session._ledger.records)
        rho[scale] = board.agreement[0].spearman
    # by plain means the trials are 1, 2, 0, 3 from the best on: 1 - 6 · (2² + 1 + 1) / (4 · (4² - 1))
    assert rho == pytest.approx({"rank": 1.0, "none": 0.4})


def on_test(record):
    """Give the test images the numbers of the trial's place on the scale, in every category."""
    place = {0: 0.2, 1: 0.1, 2: 0.3, 3: 0.05}[int(record.variant[-4:])]
    return record.model_copy(update={"metrics": record.metrics | {"image_auroc": place, "pixel_aupro": place}})


def test_the_name_of_a_scale_tells_how_categories_are_summarised():
    labels = [
        ObjectiveSettings(metric="val_ece", over=over, scale=scale).scale_label
        for over, scale in (("mean", "none"), ("mean", "standard"), ("worst", "rank"), ("q10", "standard"))
    ]
    assert labels == ["", "mean standard score", "worst mean rank", "q10 mean standard score"]


def test_without_a_scale_nothing_is_kept_and_the_search_is_that_of_before(tmp_path):
    lab = lab_of(tmp_path, "none")
    lab.work()
    assert scale_of(lab.study.search.objective[0]) is None
    assert all("parts" not in trial.user_attrs for trial in lab.tried.trials)
    assert all(trial.scaled is None for trial in trials(lab.tried))
    as_before = ObjectiveSettings(mean=MEAN).model_dump(mode="json", exclude={"scale"})
    assert ObjectiveSettings(mean=MEAN).identity() == as_before
    assert digest([ObjectiveSettings(mean=MEAN).identity()]) == "4ee08a0d64ec606c"  # as it was before there were scales
    assert "scale" in ObjectiveSettings(mean=MEAN, scale="rank").identity()


def test_another_scale_is_another_search(tmp_path):
    lab_of(tmp_path, "rank").work(most=1)
    with pytest.raises(ConfigError, match=r"^search\.objective: is not what the search 'example' was begun with"):
        lab_of(tmp_path, "standard").work(most=1)
