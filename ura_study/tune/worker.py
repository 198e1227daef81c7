"""The worker: a Tune trial that does one run and reports as it goes.

Actors are reused: a worker imports torch once and then does run after run.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import asdict
from typing import Any

from ray import get_runtime_context, tune

#: Seconds between two reports of a run, unless the driver asks for fewer.
REPORT_EVERY = 1.0
#: Keys of a trial's configuration. A `Job` as JSON (Tune would take a nested one apart).
JOB = "job"
#: The ids of nodes on which the job must not be done, with spaces between.
AVOIDED = "avoided"
#: The share of a GPU that the trial gets.
GPU = "gpu"
#: Seconds between two reports, where so many runs go on that the driver could not keep up with one a second of each.
EVERY = "every"
#: In place of a job: lets go of the run that the worker was cut off from, and ends.
NOTHING = ""


class Worker(tune.Trainable):
    """Results hold `intervals`, the training's progress since the last result, and in the end `record` as JSON.

    The one before the last holds `details`, packed: apart from the record, since Tune keeps every last result. `node`
    is the node's id. On a node that the job avoids nothing is done: results say where it is `parked`, so that the place
    is taken and the job comes to another node.
    """

    def setup(self, config: dict[str, Any]) -> None:
        self._node = get_runtime_context().get_node_id()
        self._every = config.get(EVERY, REPORT_EVERY)
        self._parked = self._node in config.get(AVOIDED, "").split()
        self._events = _events(NOTHING if self._parked else config[JOB])

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._events.close()
        self.setup(new_config)
        return True

    def step(self) -> dict[str, Any]:
        from ura_study.runs.details import Details, packed
        from ura_study.runs.record import Record

        if self._parked:
            time.sleep(REPORT_EVERY)
            return {"intervals": [], "parked": self._node, "done": False}
        intervals: list[dict[str, Any]] = []
        end = time.monotonic() + self._every
        for event in self._events:
            if isinstance(event, Record):
                record = event.model_dump_json()
                return {"intervals": intervals, "record": record, "node": self._node, "done": True}
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
