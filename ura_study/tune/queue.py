"""The work queue, as a Tune searcher: it hands out the pending runs and takes in what comes back.

Tune's own state is of no account: what is finished stands in the record store, and what is pending follows from it.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from ray.exceptions import NodeDiedError, OutOfMemoryError, RayActorError, WorkerCrashedError
from ray.tune.search import Searcher

from ura_study.runs import store
from ura_study.runs.job import Job
from ura_study.runs.record import Failure, Record
from ura_study.tune.worker import JOB


class Listener(Protocol):
    """Somebody who is told how the runs go on."""

    def started(self, job: Job) -> None: ...

    def progressed(self, job: Job, intervals: list[dict[str, Any]]) -> None: ...

    def finished(self, job: Job, record: Record) -> None: ...


class Queue(Searcher):
    """The runs still to do. Each becomes one Tune trial; its record is stored the moment it comes back."""

    def __init__(self, jobs: Iterable[Job], folder: Path, listeners: Iterable[Listener]) -> None:
        super().__init__()
        self.jobs: dict[str, Job] = {}
        """Trial id → job, of the trials that Tune knows and that have not ended."""
        self.error: Exception | None = None
        """What made it impossible to go on (a full disk, a bug); raised by the driver once Tune has stopped."""
        self.stopped = False
        self._pending = deque(jobs)
        self._folder = folder
        self._listeners = tuple(listeners)

    def set_search_properties(self, metric: str | None, mode: str | None, config: dict, **spec: Any) -> bool:
        return True

    def suggest(self, trial_id: str) -> dict[str, str] | str:
        if self.stopped or not self._pending:
            return Searcher.FINISHED
        job = self.jobs[trial_id] = self._pending.popleft()
        return {JOB: job.model_dump_json()}

    def on_trial_start(self, trial_id: str) -> None:
        """Called by `hooks.Events`."""
        self._guarded(self._tell, "started", self.jobs[trial_id])

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        self._guarded(self._tell, "progressed", self.jobs[trial_id], result["intervals"])

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        if error:
            return  # `on_trial_error` follows and knows why
        job = self.jobs.pop(trial_id)
        if result is not None and "record" in result:
            self._guarded(self._tell, "progressed", job, result["intervals"])
            self._guarded(self._take, job, Record.model_validate_json(result["record"]))
        # else it was cut off by a stop: it is not recorded, and so runs again next time

    def on_trial_error(self, trial_id: str, error: Exception | None) -> None:
        """Called by `hooks.Events` where a worker ended without a record."""
        job = self.jobs.pop(trial_id)
        self._guarded(self._take, job, Record.of(job, status="failed", failure=_failure(error)))

    def _take(self, job: Job, record: Record) -> None:
        store.append(self._folder, record)
        self._tell("finished", job, record)

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
    died = RayActorError | WorkerCrashedError | NodeDiedError | OutOfMemoryError
    if error is None or (isinstance(error, died) and "creation task" not in str(error)):
        message = "the worker process died without a report (killed, out of memory, or its node was lost)"
        return Failure(kind="WorkerDied", message=message, expected=True)
    trace = "".join(traceback.format_exception(error))
    return Failure(kind=type(error).__name__, message=_last_line(error), expected=False, traceback=trace)


def _last_line(error: Exception) -> str:
    """Return what an exception says; of a remote one, which brings its whole traceback, the last line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
