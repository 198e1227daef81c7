"""Sessions: proposing, counting in, pruning, and going on after the process died."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulated import CATEGORIES, SPACE, Laboratory, lost, measured, searching, worth

from ura_study.search.session import Session
from ura_study.search.trials import trials
from ura_study.study.config import VariantSettings
from ura_study.tune.source import next_jobs

WITHOUT_PRUNING = {"pruner": "none"}


def more(session: Session):
    return list(next_jobs(session, ()))


def states(laboratory: Laboratory) -> list[str]:
    return [trial.state for trial in trials(laboratory.tried)]


def proposals(laboratory: Laboratory) -> list[dict]:
    return [dict(trial.params) for trial in trials(laboratory.tried)]


def test_every_trial_is_told_the_mean_over_its_runs(tmp_path):
    lab = Laboratory(searching(**WITHOUT_PRUNING), tmp_path)
    lab.work()
    assert states(lab) == ["complete"] * 6
    assert len(lab.done) == len(set(lab.done)) == 6 * 4 * 3
    (first, *_) = trials(lab.tried)
    assert first.params == {"model.synthesis.strength": 1.0, "model.perception.mc_samples": 6}  # the baseline
    assert first.values[0] == pytest.approx((0.95 + 0.6 + 0.8 + 0.7) / 4 + 0.001)
    assert first.runs == 12
    assert first.variant == "search-0000"


def test_a_trial_may_be_run_on_other_data(tmp_path):
    space = {"data.image_size": {"int": [64, 256], "step": 64}, "data.shots": {"choice": [None, 4]}}
    study = searching(space=space, enqueue=[{}, {"data.image_size": 64, "data.shots": 4}], trials=3, **WITHOUT_PRUNING)
    jobs = []
    lab = Laboratory(study, tmp_path, lambda job: jobs.append(job) or measured(job, worth(job)))
    lab.work()
    assert proposals(lab)[:2] == [
        {"data.image_size": 256, "data.shots": None},
        {"data.image_size": 64, "data.shots": 4},
    ]
    seen = {(job.variant, job.data.image_size, job.data.shots) for job in jobs}
    assert {("search-0000", 256, None), ("search-0001", 64, 4)} <= seen
    assert len({job.run_id for job in jobs}) == len(jobs)


def test_the_best_is_what_it_should_be(tmp_path):
    lab = Laboratory(searching(trials=25, **WITHOUT_PRUNING, seeds=[0]), tmp_path)
    lab.work()
    (best,) = [trial for trial in trials(lab.tried) if trial.best]
    assert best.values[0] == max(trial.values[0] for trial in trials(lab.tried))
    assert 0.8 < best.params["model.synthesis.strength"] < 1.25


@pytest.mark.parametrize(("sampler", "storage"), [("tpe", None), ("random", "sqlite"), ("qmc", None), ("nsga2", None)])
def test_interrupted_at_every_run_it_is_as_if_undisturbed(tmp_path, sampler, storage):
    def lab_at(place: str) -> Laboratory:
        folder = tmp_path / place
        folder.mkdir()
        url = f"sqlite:///{folder}/optuna.db" if storage else None
        first = {"name": "tpe", "n_startup_trials": 2} if sampler == "tpe" else sampler
        return Laboratory(searching(trials=5, sampler=first, storage=url, seeds=[0]), folder)

    whole, cut = lab_at("whole"), lab_at("cut")
    whole.work()
    for _ in range(20):
        cut.work(most=1)
    cut.work()
    assert proposals(cut) == proposals(whole)
    assert cut.done == whole.done
    assert [t.values for t in trials(cut.tried)] == [t.values for t in trials(whole.tried)]


@given(pieces=st.lists(st.integers(0, 9), max_size=6), seed=st.integers(0, 5))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_lost_or_doubled_wherever_it_is_cut(tmp_path_factory, pieces, seed):
    lab = Laboratory(searching(trials=5, seed=seed), tmp_path_factory.mktemp("search"))
    for piece in pieces:
        lab.work(most=piece)
    lab.work()
    found = trials(lab.tried)
    assert len(found) == 5
    assert {trial.state for trial in found} <= {"complete", "pruned"}
    assert len(lab.done) == len(set(lab.done))
    wanted = sum(trial.runs for trial in found)
    assert len(lab.done) <= wanted  # equal variants share their runs


def test_another_seed_proposes_other_variants(tmp_path):
    labs = [Laboratory(searching(seed=seed, seeds=[0]), tmp_path / str(seed)) for seed in (0, 1)]
    for lab in labs:
        lab.work()
    assert proposals(labs[0])[0] == proposals(labs[1])[0]
    assert proposals(labs[0])[1:] != proposals(labs[1])[1:]


def test_what_is_significantly_worse_is_pruned_and_its_runs_are_dropped(tmp_path):
    bad = {"model.synthesis.strength": 4.0}
    study = searching(trials=2, enqueue=[{}, bad])
    lab = Laboratory(study, tmp_path)
    lab.work()
    assert states(lab) == ["complete", "pruned"]
    pruned = trials(lab.tried)[1]
    assert pruned.runs == 4  # four of four instances worse: one-sided p = 1/16
    assert len(lab.done) == 12 + 4
    known = [worth_of(study, 4.0, name) for name in CATEGORIES]
    assert pruned.values[0] == pytest.approx(sum(known) / 4)


def worth_of(study, strength: float, category: str) -> float:
    class Stub:
        seed = 0

    stub = Stub()
    stub.category = category
    raw = study.base.model_dump()
    raw["model"]["synthesis"]["strength"] = strength
    stub.settings = VariantSettings.model_validate(raw)
    return worth(stub)


def test_running_and_waiting_runs_of_a_pruned_variant_are_named(tmp_path):
    lab = Laboratory(searching(trials=2, enqueue=[{}, {"model.synthesis.strength": 4.0}]), tmp_path)
    lab.work(most=12)
    session = lab.open()
    jobs = more(session)
    assert len(jobs) == 12
    dropped = set()
    for job in jobs[:4]:
        dropped |= set(session.tell(lab.outcome(job)))
    assert dropped == {job.run_id for job in jobs[4:]}


def test_a_failed_run_fails_its_trial_and_says_why(tmp_path):
    lab = Laboratory(
        searching(trials=2, enqueue=[{}]),
        tmp_path,
        lambda job: lost(job) if job.settings.model.synthesis.strength == 1.0 else measured(job, worth(job)),
    )
    lab.work()
    first, second = trials(lab.tried)
    assert (first.state, second.state) == ("failed", "complete")
    assert first.reason == "search-0000 · brick · seed 0: The loss must be finite"
    assert len(lab.done) == 1 + 12


def test_some_failures_may_be_allowed(tmp_path):
    study = searching(trials=1, max_failed=0.25, **WITHOUT_PRUNING)
    unlucky = ("nut", 2)
    lab = Laboratory(
        study,
        tmp_path,
        lambda job: lost(job) if (job.category, job.seed) == unlucky else measured(job, worth(job)),
    )
    lab.work()
    (only,) = trials(lab.tried)
    assert only.state == "complete"
    assert only.values[0] == pytest.approx((0.95 + 0.6 + 0.7 + 3 * 0.001 + 0.8 + 0.0005) / 4)


def test_an_undefined_objective_fails_the_trial(tmp_path):
    lab = Laboratory(searching(trials=1), tmp_path, lambda job: measured(job, None))
    lab.work()
    (only,) = trials(lab.tried)
    assert (only.state, only.reason) == ("failed", "val_image_auroc is undefined on brick (seed 0)")


def test_a_constraint_keeps_the_best_from_being_chosen(tmp_path):
    objective = {"metric": "val_image_auroc", "subject_to": {"score_ms_per_image": {"max": 20}}}
    lab = Laboratory(
        searching(trials=12, objective=objective, seeds=[0], **WITHOUT_PRUNING),
        tmp_path,
        lambda job: measured(job, worth(job), score_ms_per_image=2.0 * job.settings.model.perception.mc_samples),
    )
    lab.work()
    found = trials(lab.tried)
    assert {trial.feasible for trial in found} == {True, False}
    assert all(trial.feasible == (trial.params["model.perception.mc_samples"] < 20) for trial in found)
    (best,) = [trial for trial in found if trial.best]
    assert best.values[0] == max(trial.values[0] for trial in found if trial.feasible)


def test_a_variant_that_fails_on_a_whole_category_fails_whatever_is_allowed(tmp_path):
    for name, lose in (("one", lambda job: job.category == "nut"), ("all", lambda job: True)):
        (tmp_path / name).mkdir()
        lab = Laboratory(
            searching(trials=1, max_failed=1.0, **WITHOUT_PRUNING),
            tmp_path / name,
            lambda job, lose=lose: lost(job) if lose(job) else measured(job, worth(job)),
        )
        lab.work()
        (only,) = trials(lab.tried)
        assert only.state == "failed"
        assert "is done: a mean over the others would flatter it" in only.reason


def test_what_the_plan_wants_is_not_dropped(tmp_path):
    bad = {"model.synthesis.strength": 4.0}
    lab = Laboratory(searching(trials=2, enqueue=[{}, bad]), tmp_path)
    lab.work(most=12)
    session = lab.open()
    jobs = more(session)
    lab.planned = {job.run_id for job in jobs}
    session = lab.open()
    jobs = more(session)
    assert not set().union(*(session.tell(lab.outcome(job)) for job in jobs[:4]))
    assert states(lab)[1] == "pruned"


def test_a_limit_that_cannot_be_judged_fails_the_trial(tmp_path):
    objective = {"metric": "val_image_auroc", "subject_to": {"score_ms_per_image": {"max": 20}}}
    lab = Laboratory(searching(trials=1, objective=objective, seeds=[0]), tmp_path)  # nobody measures the time
    lab.work()
    (only,) = trials(lab.tried)
    assert (only.state, only.reason) == ("failed", "score_ms_per_image is undefined on brick (seed 0)")


def test_two_objectives_have_a_pareto_front(tmp_path):
    lab = Laboratory(
        searching(trials=10, objective=["val_image_auroc", "score_ms_per_image"], seeds=[0]),
        tmp_path,
        lambda job: measured(
            job,
            worth(job) + 0.01 * job.settings.model.perception.mc_samples,
            score_ms_per_image=float(job.settings.model.perception.mc_samples),
        ),
    )
    lab.work()
    found = trials(lab.tried)
    assert states(lab) == ["complete"] * 10
    front = [trial.values for trial in found if trial.best]
    assert 1 <= len(front) < 10
    for quality, cost in front:
        assert not any(q >= quality and c <= cost and (q, c) != (quality, cost) for q, c in (t.values for t in found))


def test_patience_ends_it(tmp_path):
    lab = Laboratory(
        searching(trials=30, patience=3, seeds=[0], **WITHOUT_PRUNING), tmp_path, lambda job: measured(job, 0.5)
    )
    lab.work()
    assert len(trials(lab.tried)) == 4


def test_the_budget_counts_all_sessions(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("ura_study.search.session.time.monotonic", lambda: now[0])

    def slow(job):
        now[0] += 400
        return measured(job, worth(job))

    lab = Laboratory(searching(trials=30, budget="1h", seeds=[0], **WITHOUT_PRUNING), tmp_path, slow)
    lab.work(most=8)  # two variants of four runs: 3,200 seconds
    now[0] = 1_000_000  # time that passes between two sessions is nobody's work
    lab.work()
    assert states(lab) == ["complete"] * 3


def test_a_grid_ends_when_all_is_tried(tmp_path):
    space = {"model.perception.mc_samples": {"choice": [1, 6]}, "model.restoration.depth": {"int": [1, 3]}}
    lab = Laboratory(searching(space=space, sampler="grid", trials=50, seeds=[0], **WITHOUT_PRUNING), tmp_path)
    for _ in range(8):
        lab.work(most=3)
    lab.work()
    tried = {tuple(sorted(trial.params.items())) for trial in trials(lab.tried)}
    assert len(tried) == len(trials(lab.tried)) == 6


def test_equal_variants_are_measured_once(tmp_path):
    space = {"model.perception.mc_samples": {"choice": [1, 6]}}
    lab = Laboratory(searching(space=space, sampler="random", trials=10, **WITHOUT_PRUNING), tmp_path)
    lab.work()
    assert states(lab) == ["complete"] * 10
    assert len(lab.done) == 2 * 12


def test_a_run_that_two_candidates_wait_for_is_handed_out_once_and_counts_for_both(tmp_path):
    space = {"model.perception.mc_samples": {"choice": [1, 6]}}
    lab = Laboratory(searching(space=space, trials=2, enqueue=[{}], sampler="random", seeds=[0], seed=3), tmp_path)
    session = lab.open()
    jobs = [*more(session), *more(session)]
    assert len({job.run_id for job in jobs}) == len(jobs)
    for job in jobs:
        session.tell(lab.outcome(job))
    assert states(lab) == ["complete"] * 2


def test_values_that_do_not_go_together_fail_their_trial(tmp_path, monkeypatch):
    from ura_study.errors import ConfigError
    from ura_study.search import session as module

    def refuse(base, changes, where):
        raise ConfigError(f"{where}: width must be a multiple of heads")

    monkeypatch.setattr(module, "changed", refuse)
    lab = Laboratory(searching(trials=2), tmp_path)
    lab.work()
    assert states(lab) == ["failed"] * 2
    assert trials(lab.tried)[0].reason == "search-0000: width must be a multiple of heads"


def curve(session: Session, job, values: list[float | None]) -> set[str]:
    dropped: set[str] = set()
    for step, value in enumerate(values, start=1):
        share = step / job.settings.training.steps
        dropped |= set(session.report(job, [{"share": share, "metrics": {"val_image_auroc": value}}]))
    return dropped


def test_asha_compares_training_curves(tmp_path, monkeypatch):
    monkeypatch.setitem(CATEGORIES, "brick", "data of brick")
    for name in ("grass", "nut", "pill"):
        monkeypatch.delitem(CATEGORIES, name)
    pruner = {"name": "asha", "min_resource": 1, "reduction_factor": 2}
    lab = Laboratory(searching(trials=3, pruner=pruner, seeds=[0]), tmp_path)
    session = lab.open()
    for _ in range(2):
        (job,) = more(session)
        assert job.watch
        assert not curve(session, job, [0.8, 0.9])
        session.tell(lab.outcome(job))
    (job,) = more(session)
    assert curve(session, job, [0.5]) == {job.run_id}
    assert states(lab) == ["complete", "complete", "pruned"]


def test_a_curve_that_is_undefined_fails_its_trial(tmp_path, monkeypatch):
    for name in ("grass", "nut", "pill"):
        monkeypatch.delitem(CATEGORIES, name)
    lab = Laboratory(searching(trials=1, pruner="asha", seeds=[0]), tmp_path)
    session = lab.open()
    (job,) = more(session)
    assert curve(session, job, [None, None]) == {job.run_id}
    assert states(lab) == ["failed"]


def test_headline_and_runs_ahead(tmp_path):
    lab = Laboratory(searching(trials=4, seeds=[0]), tmp_path)
    session = lab.open()
    assert session.headline() == "search: 0 of 4 trials"
    assert session.runs_ahead() == 16
    for job in more(session):
        session.tell(lab.outcome(job))
    more(session)
    assert session.headline() == "search: 1 of 4 trials (1 running), best val_image_auroc 0.7625 (search-0000)"
    assert session.runs_ahead() == 8
    assert session.closed() == {"search-0000"}
    assert set(SPACE) == set(trials(lab.tried)[0].params)
