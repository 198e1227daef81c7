"""The worker: a Tune trial that does one run and reports as it goes.

Actors are reused: a worker imports torch once and then does run after run.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import asdict
from typing import Any

from ray import tune

#: Seconds between two reports of a run.
REPORT_EVERY = 1.0
#: The only key of a trial's configuration: a `Job` as JSON. (Tune would take a nested one apart.)
JOB = "job"
#: In place of a job: lets go of the run that the worker was cut off from, and ends.
NOTHING = ""


class Worker(tune.Trainable):
    """Results hold `intervals`, the training's progress since the last result, and in the end `record` as JSON.

    The one before the last holds `details`, packed: apart from the record, since Tune keeps every last result.
    """

    def setup(self, config: dict[str, Any]) -> None:
        self._events = _events(config[JOB])

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._events.close()
        self.setup(new_config)
        return True

    def step(self) -> dict[str, Any]:
        from ura_study.runs.details import Details, packed
        from ura_study.runs.record import Record

        intervals: list[dict[str, Any]] = []
        end = time.monotonic() + REPORT_EVERY
        for event in self._events:
            if isinstance(event, Record):
                return {"intervals": intervals, "record": event.model_dump_json(), "done": True}
            if isinstance(event, Details):
                return {"intervals": intervals, "details": packed(event), "done": False}
            intervals.append(asdict(event))
            if time.monotonic() >= end:
                return {"intervals": intervals, "done": False}
        return {"intervals": intervals, "done": True}  # there was nothing to do

    def cleanup(self) -> None:
        self._events.close()


def _events(job: str) -> Generator[Any, None, None]:
    """Yield the progress and then the record of a run; torch is imported here, in the worker and not in the driver."""
    if job == NOTHING:
        return
    from ura_study.runs.attempt import attempt_read

    yield from attempt_read(job)
