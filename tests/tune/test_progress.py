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
    assert (progress.completed, progress.elapsed(), progress.remaining()) == (0.5, 4.0, None)
    line = progress.lines()[0]
    assert (line.running, line.done, line.elapsed) == (1, 0, 4.0)
    clock[0] += 4
    progress.finish(a_record(value=0.75))
    assert (progress.completed, progress.remaining()) == (1, 5 * 9.0)  # runs like that of the record
    line = progress.lines()[0]
    assert (line.running, line.done, line.metric) == (0, 1, 0.75)
    assert (line.elapsed, line.remaining) == (9.0, 9.0)  # of the record, and one such run to go
    assert progress.lines()[1].remaining == 18.0


def test_what_remains_is_shared_by_as_many_as_went_on_at_once(clock):
    before = {r.run_id: r for r in (a_record(seed=0), a_record(seed=1))}
    progress = Progress(PLAN, "image_auroc", before, started=100.0)
    assert (progress.completed, progress.remaining()) == (2, None)
    clock[0] += 60  # until workers are there
    for seed in (0, 1):
        progress.start(job("w/o restoration", seed).run_id)
    clock[0] += 1
    assert progress.remaining() == 4 * 9 / 2
    progress.advance(job("w/o restoration", 0).run_id, 0.5)
    assert progress.remaining() == 3.5 * 9 / 2
    progress.finish(a_record("w/o restoration", 0))
    progress.drop(job("w/o restoration", 1).run_id)
    progress.start(job("layers=[2, 3]", 0).run_id)
    clock[0] += 2  # two seconds of work in the first, one in each of the others
    assert progress.remaining() == pytest.approx(3 * 9 / (4 / 3))


def test_nothing_is_said_before_a_run_of_each_detector_is_done(clock):
    study = make_study(ablations={"a": {"sweep": {"model": [{"name": "patchcore"}]}}})
    plan = plan_of(study)
    progress = Progress(plan, "image_auroc", {}, started=100.0)
    uranet, patchcore = (job_of(study, plan, variant.name) for variant in plan.variants)
    progress.start(uranet.run_id)
    clock[0] += 40
    progress.advance(uranet.run_id, 0.01)
    assert progress.remaining() is None
    progress.finish(done(patchcore))
    assert progress.remaining() is None
    assert [line.remaining for line in progress.lines()] == [None, 0]
    progress.finish(done(uranet))
    assert progress.remaining() == 0


class Searching:
    """A search that has decided about one variant."""

    closed = staticmethod(lambda: {"layers=[2, 3]"})
    runs_ahead = staticmethod(lambda: 2)


def test_what_a_search_wants_no_more_does_not_count(clock):
    progress = Progress(PLAN, "image_auroc", {}, search=Searching())
    assert progress.total == 4 + 2
    progress.finish(a_record("layers=[2, 3]"))
    assert progress.total == 5 + 2
    progress.start(job().run_id)
    clock[0] += 1
    assert progress.remaining() == (4 + 2) * 9.0


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
