import pytest
from jobs import small_job
from ray.exceptions import OutOfMemoryError, RayActorError
from ray.tune.search import Searcher

from ura_study.errors import ResourceError
from ura_study.runs import store
from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.runs.proposal import Proposal
from ura_study.runs.record import Failure, Record
from ura_study.tune.examination import Examined
from ura_study.tune.nodes import Nodes
from ura_study.tune.queue import Queue
from ura_study.tune.worker import AVOIDED, EVERY, GPU, JOB, NOTHING


class Diary:
    def __init__(self):
        self.events = []

    def started(self, job):
        self.events.append(("started", job.run_id))

    def progressed(self, job, intervals):
        self.events.append(("progressed", job.run_id, len(intervals)))

    def dropped(self, job):
        self.events.append(("dropped", job.run_id))

    def finished(self, job, record):
        self.events.append((record.status, job.run_id))

    def proposed(self, proposal):
        self.events.append(("proposed", len(proposal.jobs)))


@pytest.fixture
def jobs(mvtec_root):
    return [small_job(mvtec_root, run_id=str(index)) for index in range(3)]


@pytest.fixture
def diary():
    return Diary()


@pytest.fixture
def queue(jobs, tmp_path, diary):
    return Queue(jobs, Ledger(tmp_path), [diary])


def done(job):
    record = Record.of(job, status="done", metrics={"image_auroc": 0.5})
    return {"intervals": [{}], "record": record.model_dump_json(), "done": True}


def test_hands_out_every_job_once_in_order(queue, jobs):
    handed = [queue.suggest(f"t{index}") for index in range(4)]
    assert [Job.model_validate_json(h[JOB]) for h in handed[:3]] == jobs
    assert handed[3] is None
    for index, job in enumerate(jobs):
        assert queue.suggest("t4") is None  # something goes on that may have to be tried again
        queue.on_trial_complete(f"t{index}", done(job))
    assert queue.suggest("t5") == Searcher.FINISHED


def test_records_what_comes_back_at_once(queue, jobs, tmp_path, diary):
    queue.suggest("t0")
    queue.on_trial_start("t0")
    queue.on_trial_result("t0", {"intervals": [{}, {}]})
    queue.on_trial_complete("t0", done(jobs[0]))
    assert list(store.read(tmp_path)) == ["0"]
    assert diary.events == [("started", "0"), ("progressed", "0", 2), ("progressed", "0", 1), ("done", "0")]
    assert queue.jobs == {}


def test_details_are_stored_before_the_record(queue, tmp_path):
    queue.suggest("t0")
    queue.on_trial_result("t0", {"intervals": [], "details": b"packed", "done": False})
    assert (tmp_path / "details" / "0.npz").read_bytes() == b"packed"
    assert store.read(tmp_path) == {}


def test_details_that_cannot_be_stored_stop_the_study(queue, tmp_path):
    (tmp_path / "details").write_text("a file")
    queue.suggest("t0")
    queue.on_trial_result("t0", {"intervals": [], "details": b"packed", "done": False})
    assert isinstance(queue.error, ResourceError)
    assert queue.suggest("t1") == Searcher.FINISHED


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


def out_of_memory(job):
    failure = Failure(kind="OutOfMemoryError", message="CUDA out of memory", expected=False)
    return {"intervals": [], "record": Record.of(job, status="failed", failure=failure).model_dump_json()}


def test_what_the_machine_did_is_tried_again_and_then_recorded(jobs, tmp_path, diary):
    queue = Queue(jobs[:1], Ledger(tmp_path), [diary], retries=2)
    queue.suggest("t0")
    queue.on_trial_error("t0", None)
    assert Job.model_validate_json(queue.suggest("t1")[JOB]) == jobs[0]
    queue.on_trial_complete("t1", out_of_memory(jobs[0]))
    assert store.read(tmp_path) == {}
    assert Job.model_validate_json(queue.suggest("t2")[JOB]) == jobs[0]
    queue.on_trial_error("t2", RayActorError())
    assert store.read(tmp_path)["0"].failure.kind == "WorkerDied"
    assert queue.suggest("t3") == Searcher.FINISHED
    assert [event for event, *_ in diary.events] == ["dropped", "progressed", "dropped", "failed"]


def test_a_failure_that_would_only_repeat_is_not_tried_again(jobs, tmp_path, diary):
    queue = Queue(jobs[:1], Ledger(tmp_path), [diary], retries=2)
    queue.suggest("t0")
    queue.on_trial_error("t0", TypeError("unexpected keyword"))
    assert queue.suggest("t1") == Searcher.FINISHED
    assert store.read(tmp_path)["0"].failure.kind == "TypeError"


class Proposals:
    """A source of two batches of jobs, the second once the first came back; it drops what it is told to."""

    def __init__(self, *batches):
        self.batches, self.drop, self.seen = list(batches), set(), []

    def ask(self):
        return Proposal(None, (), tuple(self.batches.pop(0))) if self.batches else None

    def report(self, job, intervals):
        return self.drop

    def tell(self, record):
        self.seen.append(record.run_id)
        return self.drop


def test_a_source_is_asked_when_a_worker_is_free_and_nothing_is_pending(jobs, tmp_path):
    source = Proposals(jobs[1:])
    queue = Queue(jobs[:1], Ledger(tmp_path), [], source=source, slots=lambda: 1)
    assert Job.model_validate_json(queue.suggest("t0")[JOB]) == jobs[0]
    assert queue.suggest("t1") is None  # the only worker is busy
    assert source.batches
    queue.on_trial_complete("t0", done(jobs[0]))
    assert source.seen == ["0"]
    assert Job.model_validate_json(queue.suggest("t1")[JOB]) == jobs[1]


def test_candidates_without_anything_to_do_are_told_and_passed_over(jobs, tmp_path, diary):
    source = Proposals([], [], jobs[:2])
    queue = Queue([], Ledger(tmp_path), [diary], source=source, slots=lambda: 1)
    assert Job.model_validate_json(queue.suggest("t0")[JOB]) == jobs[0]
    assert diary.events == [("proposed", 0), ("proposed", 0), ("proposed", 2)]


def test_what_is_not_wanted_any_more_is_dropped(jobs, tmp_path, diary):
    source = Proposals(jobs)
    queue = Queue([], Ledger(tmp_path), [diary], source=source, slots=lambda: 1)
    queue.suggest("t0")
    queue.suggest("t1")
    source.drop = {"1", "2"}
    queue.on_trial_complete("t0", done(jobs[0]))
    assert queue.unwanted("t1")
    queue.on_trial_complete("t1", {"intervals": [{}]})
    assert ("dropped", "1") in diary.events
    assert not queue.unwanted("t1")
    assert queue.suggest("t2") == Searcher.FINISHED
    assert list(store.read(tmp_path)) == ["0"]


def test_a_run_that_goes_on_is_not_begun_again(jobs, tmp_path):
    source = Proposals(jobs[:2])
    queue = Queue(jobs[:1], Ledger(tmp_path), [], source=source, slots=lambda: 2)
    queue.suggest("t0")
    assert Job.model_validate_json(queue.suggest("t1")[JOB]) == jobs[1]
    assert queue.suggest("t2") is None
    queue.on_trial_complete("t0", done(jobs[0]))
    assert source.seen == ["0"]


def test_a_run_that_was_dropped_and_is_wanted_again_goes_on(jobs, tmp_path):
    source = Proposals(jobs[1:2])
    queue = Queue(jobs[:2], Ledger(tmp_path), [], source=source, slots=lambda: 3)
    queue.suggest("t0")
    queue.suggest("t1")
    source.drop = {"1"}
    queue.on_trial_complete("t0", done(jobs[0]))
    assert queue.unwanted("t1")
    assert queue.suggest("t2") is None
    assert not queue.unwanted("t1")


def test_a_worker_that_was_cut_off_is_made_to_let_go(jobs, tmp_path):
    """It holds the lock of what it was training, for which another run may wait, until it gets something else to do."""
    source = Proposals(jobs)
    queue = Queue([], Ledger(tmp_path), [], source=source, slots=lambda: 2)
    for trial in ("t0", "t1", "t2"):
        assert queue.suggest(trial) is not None
    source.drop = {"1"}
    queue.on_trial_complete("t0", done(jobs[0]))
    queue.on_trial_complete("t1", {"intervals": []})
    assert queue.suggest("t3") == {JOB: NOTHING, GPU: 0}
    queue.on_trial_start("t3")
    queue.on_trial_result("t3", {"intervals": []})
    queue.on_trial_complete("t3", {"intervals": [], "done": True})
    assert queue.suggest("t4") is None
    assert not queue.stopped


def test_an_unwanted_run_whose_worker_dies_is_not_tried_again(jobs, tmp_path, diary):
    source = Proposals(jobs[:2])
    queue = Queue([], Ledger(tmp_path), [diary], source=source, slots=lambda: 2, retries=2)
    queue.suggest("t0")
    queue.suggest("t1")
    source.drop = {"1"}
    queue.on_trial_complete("t0", done(jobs[0]))
    queue.on_trial_error("t1", None)
    assert ("dropped", "1") in diary.events
    assert queue.suggest("t2") == Searcher.FINISHED


def test_an_error_of_the_source_stops_the_study(jobs, tmp_path):
    source = Proposals()
    source.ask = lambda: 1 / 0
    queue = Queue([], Ledger(tmp_path), [], source=source)
    assert queue.suggest("t0") == Searcher.FINISHED
    assert isinstance(queue.error, ZeroDivisionError)


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


def refused(job, message="no such folder"):
    failure = Failure(kind="DataError", message=message, expected=True)
    record = Record.of(job, status="failed", failure=failure, provenance={"host": "gpu7"})
    return {"intervals": [], "record": record.model_dump_json(), "node": "bad", "done": True}


def test_a_run_that_failed_for_its_node_is_kept_away_from_it(jobs, tmp_path, diary):
    """Where it comes to that node again the place is held, so that it gets to another; then the place is free again."""
    nodes = Nodes(lambda: ["bad", "good"])
    queue = Queue(jobs[:1], Ledger(tmp_path), [diary], nodes=nodes)
    assert AVOIDED not in queue.suggest("t0")
    queue.on_trial_complete("t0", refused(jobs[0]))
    assert queue.suggest("t1")[AVOIDED] == "bad"
    queue.on_trial_result("t1", {"intervals": [], "parked": "bad"})
    assert not queue.unwanted("t1")
    assert Job.model_validate_json(queue.suggest("t2")[JOB]) == jobs[0]
    queue.on_trial_complete("t2", done(jobs[0]) | {"node": "good"})
    assert queue.unwanted("t1")
    queue.on_trial_complete("t1", {"intervals": []})
    assert queue.suggest("t3") == Searcher.FINISHED
    assert store.read(tmp_path)["0"].done


def test_a_place_is_held_no_longer_than_its_node_is_examined(jobs, tmp_path):
    """What came to a node that had not answered yet is parked; when it is found fit, the place is free for work."""

    class Asked:
        coming = ()

        def ask(self, node, jobs): ...

        def answers(self):
            return self.coming

    nodes = Nodes(lambda: ["old", "new"], examination := Asked())
    queue = Queue(jobs[:1], Ledger(tmp_path), [], nodes=nodes)
    assert queue.suggest("t0") is None  # both are asked
    examination.coming = [("old", Examined("gpu1"))]
    assert queue.suggest("t0")[AVOIDED] == "new"
    queue.on_trial_result("t0", {"intervals": [], "parked": "new"})
    assert not queue.unwanted("t0")
    examination.coming = [("new", Examined("gpu2"))]
    assert AVOIDED not in queue.suggest("t1")
    assert queue.unwanted("t0")


def test_a_run_that_fails_alike_everywhere_fails(jobs, tmp_path, diary):
    queue = Queue(jobs[:1], Ledger(tmp_path), [diary], nodes=Nodes(lambda: ["bad", "good"]))
    queue.suggest("t0")
    queue.on_trial_complete("t0", refused(jobs[0]))
    queue.suggest("t1")
    queue.on_trial_complete("t1", refused(jobs[0]) | {"node": "good"})
    assert store.read(tmp_path)["0"].failure.message == "no such folder"
    assert queue.suggest("t2") == Searcher.FINISHED


def test_a_held_place_is_no_free_worker(jobs, tmp_path):
    queue = Queue(jobs, Ledger(tmp_path), [], slots=lambda: 2, nodes=Nodes(lambda: ["bad", "good"]))
    queue.suggest("t0")
    queue.on_trial_complete("t0", refused(jobs[0]))
    queue.suggest("t1")
    queue.on_trial_result("t1", {"intervals": [], "parked": "bad"})
    assert queue.suggest("t2") is not None
    assert queue.suggest("t3") is not None  # one waits in Tune for a place
    assert queue.suggest("t4") is None


def test_what_ran_when_all_workers_were_lost_is_tried_again_and_then_recorded(jobs, tmp_path, diary):
    queue = Queue(jobs[:2], Ledger(tmp_path), [diary], retries=1)
    for begun in ("t0", "t1"):
        queue.suggest(begun)
        queue.on_trial_start(begun)
    queue.lost(OutOfMemoryError("killed"))
    assert not queue.running
    assert store.read(tmp_path) == {}
    handed = [Job.model_validate_json(queue.suggest(f"again {i}")[JOB]).run_id for i in range(2)]
    assert sorted(handed) == ["0", "1"]
    queue.on_trial_complete("again 0", done(jobs[int(handed[0])]))
    queue.lost(OutOfMemoryError("killed"))
    records = store.read(tmp_path)
    assert records[handed[0]].done
    assert records[handed[1]].failure.kind == "WorkerDied"
    assert queue.suggest("t9") == Searcher.FINISHED


def test_where_many_runs_go_on_each_reports_less_often(jobs, tmp_path):
    many = [jobs[0].model_copy(update={"run_id": str(index)}) for index in range(2000)]
    assert EVERY not in Queue(many, Ledger(tmp_path), (), slots=lambda: 200).suggest("t0")
    assert EVERY not in Queue(many[:200], Ledger(tmp_path), (), slots=lambda: 4000).suggest("t0")
    queue = Queue(many, Ledger(tmp_path), (), slots=lambda: 1000)
    assert [queue.suggest(f"t{index}")[EVERY] for index in range(2)] == [5.0, 5.0]
