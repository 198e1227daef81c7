import pytest
from jobs import small_job
from ray.exceptions import RayActorError
from ray.tune.search import Searcher

from ura_study.runs import store
from ura_study.runs.job import Job
from ura_study.runs.record import Record
from ura_study.tune.queue import Queue
from ura_study.tune.worker import JOB


class Diary:
    def __init__(self):
        self.events = []

    def started(self, job):
        self.events.append(("started", job.run_id))

    def progressed(self, job, intervals):
        self.events.append(("progressed", job.run_id, len(intervals)))

    def finished(self, job, record):
        self.events.append((record.status, job.run_id))


@pytest.fixture
def jobs(mvtec_root):
    return [small_job(mvtec_root, run_id=str(index)) for index in range(3)]


@pytest.fixture
def diary():
    return Diary()


@pytest.fixture
def queue(jobs, tmp_path, diary):
    return Queue(jobs, tmp_path, [diary])


def done(job):
    record = Record.of(job, status="done", metrics={"image_auroc": 0.5})
    return {"intervals": [{}], "record": record.model_dump_json(), "done": True}


def test_hands_out_every_job_once_in_order(queue, jobs):
    handed = [queue.suggest(f"t{index}") for index in range(4)]
    assert [Job.model_validate_json(h[JOB]) for h in handed[:3]] == jobs
    assert handed[3] == Searcher.FINISHED


def test_records_what_comes_back_at_once(queue, jobs, tmp_path, diary):
    queue.suggest("t0")
    queue.on_trial_start("t0")
    queue.on_trial_result("t0", {"intervals": [{}, {}]})
    queue.on_trial_complete("t0", done(jobs[0]))
    assert list(store.read(tmp_path)) == ["0"]
    assert diary.events == [("started", "0"), ("progressed", "0", 2), ("progressed", "0", 1), ("done", "0")]
    assert queue.jobs == {}


@pytest.mark.parametrize("error", [None, RayActorError()])
def test_a_dead_worker_is_a_failed_run(queue, tmp_path, error):
    queue.suggest("t0")
    queue.on_trial_complete("t0", error=True)
    queue.on_trial_error("t0", error)
    failure = store.read(tmp_path)["0"].failure
    assert (failure.kind, failure.expected) == ("WorkerDied", True)
    assert not queue.stopped


def test_a_bug_of_the_worker_keeps_its_message(queue, tmp_path):
    queue.suggest("t0")
    queue.on_trial_complete("t0", error=True)
    queue.on_trial_error("t0", TypeError("unexpected keyword"))
    failure = store.read(tmp_path)["0"].failure
    assert (failure.kind, failure.expected, failure.message) == ("TypeError", False, "unexpected keyword")
    assert "TypeError" in failure.traceback


def test_a_stop_hands_out_nothing_more_and_records_nothing_half(queue, tmp_path):
    queue.suggest("t0")
    queue.stopped = True
    assert queue.suggest("t1") == Searcher.FINISHED
    queue.on_trial_complete("t0", {"intervals": [{}]})
    assert store.read(tmp_path) == {}


def test_a_listener_that_fails_stops_the_study_but_loses_no_record(queue, jobs, tmp_path, diary):
    diary.finished = lambda job, record: 1 / 0
    queue.suggest("t0")
    queue.on_trial_complete("t0", done(jobs[0]))
    assert queue.stopped
    assert isinstance(queue.error, ZeroDivisionError)
    assert list(store.read(tmp_path)) == ["0"]
