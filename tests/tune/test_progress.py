import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of

from ura_study.tune import progress as module
from ura_study.tune.progress import Progress

STUDY = make_study(ablations=ABLATIONS, seeds=[0, 1])
PLAN = plan_of(STUDY)


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds, to be set by the test."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def job(variant="full", seed=0):
    return job_of(STUDY, PLAN, variant, seed=seed)


def a_record(variant="full", seed=0, value=0.5):
    return done(job(variant, seed), value)


def test_nothing_has_begun(clock):
    progress = Progress(PLAN, "image_auroc", {}, started=100.0)
    assert (progress.total, progress.completed, progress.elapsed(), progress.remaining()) == (6, 0, 0.0, None)
    line = progress.lines()[0]
    assert (line.variant, line.total, line.done, line.running, line.failed) == ("full", 2, 0, 0, 0)
    assert (line.metric, line.elapsed, line.remaining) == (None, 0, None)


def test_a_run_goes_on_and_ends(clock):
    progress = Progress(PLAN, "image_auroc", {}, started=100.0)
    identity = job().run_id
    progress.start(identity)
    clock[0] += 4
    progress.advance(identity, 0.5)
    assert (progress.completed, progress.elapsed(), progress.remaining()) == (0.5, 4.0, 44.0)
    line = progress.lines()[0]
    assert (line.running, line.done, line.elapsed) == (1, 0, 4.0)
    clock[0] += 4
    progress.finish(a_record(value=0.75))
    assert (progress.completed, progress.remaining()) == (1, 40.0)
    line = progress.lines()[0]
    assert (line.running, line.done, line.metric) == (0, 1, 0.75)
    assert (line.elapsed, line.remaining) == (9.0, 9.0)  # of the record, and one such run to go
    assert progress.lines()[1].remaining == 18.0


def test_runs_from_before_do_not_count_for_the_speed(clock):
    before = {r.run_id: r for r in (a_record(seed=0), a_record(seed=1))}
    progress = Progress(PLAN, "image_auroc", before, started=100.0)
    assert (progress.completed, progress.remaining()) == (2, None)
    clock[0] += 10
    progress.finish(a_record("w/o restoration"))
    assert progress.remaining() == 30.0


def test_failures_are_no_numbers(clock):
    progress = Progress(PLAN, "image_auroc", {}, started=100.0)
    progress.start(job(seed=1).run_id)
    progress.finish(a_record(seed=0, value=0.5))
    progress.finish(failed(job(seed=1)))
    line = progress.lines()[0]
    assert (line.done, line.failed, line.running, line.metric, line.remaining) == (1, 1, 0, 0.5, 0.0)
    assert progress.completed == 2


def test_the_metric_is_the_mean_of_what_is_defined(clock):
    progress = Progress(PLAN, "pixel_ap", {}, started=100.0)
    progress.finish(done(job(seed=0), 0.5, pixel_ap=None))
    assert progress.lines()[0].metric is None
    progress.finish(done(job(seed=1), 0.5, pixel_ap=0.25))
    assert progress.lines()[0].metric == 0.25


def test_shared_runs_count_once_in_all_and_in_each_variant(clock):
    study = make_study(base={"training": {"lr": 1e-3}}, ablations={"a": {"sweep": {"training.lr": [1e-3]}}})
    plan = plan_of(study)
    progress = Progress(plan, "image_auroc", {})
    progress.finish(done(job_of(study, plan, "full")))
    assert (progress.completed, progress.total) == (1, 1)
    assert [(line.variant, line.done, line.total) for line in progress.lines()] == [("full", 1, 1), ("lr=0.001", 1, 1)]
