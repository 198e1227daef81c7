"""The work queue, as a Tune searcher: it hands out the pending runs and takes in what comes back.

Tune's own state is of no account: what is finished stands in the record store, and what is pending follows from it.

It is long since Tune wants a searcher's callbacks in one class, and each of them moves a run from one state to another.
"""

from __future__ import annotations

import traceback
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from itertools import chain
from typing import Any

from ray.exceptions import NodeDiedError, OutOfMemoryError, RayActorError, WorkerCrashedError
from ray.tune.search import Searcher

from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.runs.record import Failure, Record
from ura_study.tune.nodes import Nodes
from ura_study.tune.shares import Shares
from ura_study.tune.source import Listener, Source, next_jobs
from ura_study.tune.worker import AVOIDED, EVERY, GPU, JOB, NOTHING, REPORT_EVERY

#: What Ray says of a worker whose process is no more.
DIED = (RayActorError, WorkerCrashedError, NodeDiedError, OutOfMemoryError)
#: Reports that the driver asks for in a second, of all runs together: each takes it a millisecond.
REPORTS = 200
#: Kind of the failure of a run whose worker ended without a word.
WORKER_DIED = "WorkerDied"
#: Failures that another attempt may escape: the machine's fault, not the run's.
TRANSIENT = {WORKER_DIED, "OutOfMemoryError", "MemoryError"}
#: Failures that may be those of the machine on which a run was: a folder, weights, a version.
LOCAL = {"ConfigError", "DataError", "ResourceError"}


class Queue(Searcher):
    """The runs still to do. Each becomes one Tune trial; its record is stored the moment it comes back."""

    def __init__(
        self,
        jobs: Iterable[Job],
        ledger: Ledger,
        listeners: Iterable[Listener],
        *,
        source: Source | None = None,
        slots: Callable[[], int] = lambda: 1_000_000,
        retries: int = 0,
        nodes: Nodes | None = None,
        shares: Shares | None = None,
    ) -> None:
        """Start with `jobs`; when they are used up, ask `source`, but not before one of `slots()` workers is free.

        A run whose worker died or ran out of memory is tried up to `retries` times more, one that failed for its node's
        sake on other `nodes`.
        """
        super().__init__()
        self.jobs: dict[str, Job] = {}
        """Trial id → job, of the trials that Tune knows and that have not ended."""
        self.error: Exception | None = None
        """What made it impossible to go on (a full disk, a bug); raised by the driver once Tune has stopped."""
        self.stopped = False
        self.running: set[str] = set()
        """Trials that are with a worker; others wait for a place."""
        self._pending = deque(jobs)
        self._ledger = ledger
        self._listeners = tuple(listeners)
        self._source = source
        self._slots = slots
        self._retries = retries
        self._attempts: Counter[str] = Counter()
        self._halted: list[float] = []
        """Workers that were cut off in the midst of a run and have got no other since, by their shares of a GPU: they
        still hold the run's lock."""
        self._shares = shares
        self._nodes = nodes or Nodes(lambda: ())
        self._parked: dict[str, tuple[Job, str]] = {}
        """Trials that do nothing but hold the place on a node that their job avoids: job and node."""
        self._unwanted: set[str] = set()
        """Trials whose runs were dropped while they went on."""

    def set_search_properties(self, metric: str | None, mode: str | None, config: dict, **spec: Any) -> bool:
        return True

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        slots = self._slots() - len(self._parked)
        if not self._pending and not self.stopped and len(self.jobs) < slots:
            self._guarded(self._refill)
        if self.stopped or not (self._pending or self.jobs):
            return Searcher.FINISHED
        if not self._pending and self._halted:
            return {JOB: NOTHING, GPU: self._halted.pop()}
        if not self._nodes.ready(chain(self._pending, self.jobs.values())):
            return None
        if not self._pending or len(self.jobs) > slots:
            return None  # what goes on may bring more: proposals, or a run to try again
        every = min(slots, len(self._pending) + len(self.jobs)) / REPORTS
        job = self._pending.popleft()
        if self._shares is not None:
            job = job.model_copy(update={"gpu": self._shares.of(job)})
        if job.gpu in self._halted:
            self._halted.remove(job.gpu)
        self.jobs[trial_id] = job
        avoided = self._nodes.avoided(job)
        return (
            {JOB: job.model_dump_json(), GPU: job.gpu}
            | ({AVOIDED: " ".join(sorted(avoided))} if avoided else {})
            | ({EVERY: every} if every > REPORT_EVERY else {})
        )

    def unwanted(self, trial_id: str) -> bool:
        """Tell whether a trial is to stop; asked by `hooks.StopWhenAsked` at each of its reports."""
        if trial_id in self._parked:
            parked, node = self._parked[trial_id]
            going = any(job.run_id == parked.run_id for job in chain(self._pending, self.jobs.values()))
            return self.stopped or not going or node not in self._nodes.avoided(parked)
        return self.stopped or trial_id in self._unwanted

    def _refill(self) -> None:
        """Take in further jobs. One that goes on already is not begun again: its record will count."""
        running = {job.run_id: trial_id for trial_id, job in self.jobs.items()}
        for job in next_jobs(self._source, self._listeners) if self._source is not None else ():
            if job.run_id in running:
                self._unwanted.discard(running[job.run_id])
            else:
                self._pending.append(job)

    def on_trial_start(self, trial_id: str) -> None:
        """Called by `hooks.Events`."""
        if trial_id in self.jobs:
            self.running.add(trial_id)
            self._guarded(self._tell, "started", self.jobs[trial_id])

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        if result.get("parked") and trial_id in self.jobs:  # its job goes elsewhere
            job = self.jobs.pop(trial_id)
            self._parked[trial_id] = job, result["parked"]
            self._pending.appendleft(job)
            self._guarded(self._tell, "dropped", job)
        elif trial_id in self.jobs:
            self._guarded(self._progressed, self.jobs[trial_id], result["intervals"])
            if "details" in result:
                self._guarded(self._ledger.keep, self.jobs[trial_id].run_id, result["details"])

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        self._parked.pop(trial_id, None)
        self.running.discard(trial_id)
        if error or trial_id not in self.jobs:
            return  # `on_trial_error` follows and knows why; or there was nothing to do
        job = self.jobs.pop(trial_id)
        self._unwanted.discard(trial_id)
        if result is not None and "record" in result:
            self._guarded(self._tell, "progressed", job, result["intervals"])
            self._guarded(self._take, job, Record.model_validate_json(result["record"]), result.get("node"))
        else:  # cut off: it is not recorded, and so runs again when it is wanted again
            self._halted.append(job.gpu)
            self._guarded(self._tell, "dropped", job)

    def on_trial_error(self, trial_id: str, error: Exception | None) -> None:
        """Called by `hooks.Events` where a worker ended without a record."""
        self._parked.pop(trial_id, None)
        self.running.discard(trial_id)
        job = self.jobs.pop(trial_id, None)
        if job is None:
            return
        if trial_id in self._unwanted:
            self._unwanted.discard(trial_id)
            self._guarded(self._tell, "dropped", job)
            return
        self._guarded(self._take, job, Record.of(job, status="failed", failure=_failure(error)))

    def lost(self, error: Exception | None) -> None:
        """Take in that all workers are gone, and why; called by the driver, which then begins anew."""
        jobs = list(self.jobs.values())
        for known in (self.jobs, self.running, self._parked, self._unwanted):
            known.clear()
        self._halted.clear()
        for job in jobs:
            self._guarded(self._take, job, Record.of(job, status="failed", failure=_failure(error)))

    def _take(self, job: Job, record: Record, node: str | None = None) -> None:
        if record.failure is not None and self._is_tried_again(job, record, node):
            self._tell("dropped", job)
            self._pending.appendleft(job)
            return
        if record.done:
            self._nodes.succeeded(job, node)
            if self._shares is not None:
                self._shares.learn(record)
        self._ledger.append(record)
        self._tell("finished", job, record)
        if self._source is not None:
            self._drop(self._source.tell(record))

    def _is_tried_again(self, job: Job, record: Record, node: str | None) -> bool:
        failure = record.failure
        assert failure is not None
        full = failure.kind != WORKER_DIED and "out of memory" in failure.message
        if full and self._shares is not None and self._shares.grow(job):
            return True
        if failure.kind in TRANSIENT:
            return self._tries(job) <= self._retries
        host = str(record.provenance.get("host", "a machine"))
        return failure.kind in LOCAL and self._nodes.failed(job, node, host, failure.message)

    def _tries(self, job: Job) -> int:
        """Return how often a job was tried, this time included."""
        self._attempts[job.run_id] += 1
        return self._attempts[job.run_id]

    def _progressed(self, job: Job, intervals: list[dict[str, Any]]) -> None:
        self._tell("progressed", job, intervals)
        if self._source is not None:
            self._drop(self._source.report(job, intervals))

    def _drop(self, run_ids: Collection[str]) -> None:
        """Forget pending runs, and let those that go on stop at their next report."""
        if not run_ids:
            return
        self._pending = deque(job for job in self._pending if job.run_id not in run_ids)
        self._unwanted |= {trial_id for trial_id, job in self.jobs.items() if job.run_id in run_ids}

    def _tell(self, event: str, *arguments: Any) -> None:
        for listener in self._listeners:
            getattr(listener, event)(*arguments)

    def _guarded(self, call: Any, *arguments: Any) -> None:
        """An exception here would take down Tune with all its workers in mid-run: keep it, stop, raise it later."""
        try:
            call(*arguments)
        except Exception as error:  # noqa: BLE001 - raised again by the driver
            self.error, self.stopped = self.error or error, True

    def save(self, checkpoint_path: str) -> None:
        """Nothing to save: the record store is the state."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing to restore."""

    def __getstate__(self) -> dict[str, Any]:
        return {}


def _failure(error: Exception | None) -> Failure:
    """Return why a worker ended without a record: its process died, or it has a bug of its own."""
    if error is None or (isinstance(error, DIED) and "creation task" not in str(error)):
        message = "the worker process died without a report (killed, out of memory, or its node was lost)"
        return Failure(kind=WORKER_DIED, message=message, expected=True)
    trace = "".join(traceback.format_exception(error))
    return Failure(kind=type(error).__name__, message=_last_line(error), expected=False, traceback=trace)


def _last_line(error: Exception) -> str:
    """Return what an exception says; of a remote one, which brings its whole traceback, the last line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
