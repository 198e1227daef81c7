"""A worker that does nothing but report, as a run does: for measuring what is around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ura_study.metrics.names import METRICS
from ura_study.runs.details import Details
from ura_study.runs.job import Job
from ura_study.runs.record import Record
from ura_study.tune import worker


def no_op_worker() -> type:
    """Return a worker that does nothing. (A class made in a function travels to workers whole, not by its name.)"""
    metrics = list(METRICS)

    @dataclass
    class Interval:
        step: int
        losses: dict[str, float]
        lr: float = 0.001
        share: float = 1.0

    class NoOp(worker.Worker):
        def setup(self, config: dict[str, Any]) -> None:
            import ray

            self._node, self._parked, self._every = ray.get_runtime_context().get_node_id(), False, worker.REPORT_EVERY
            self._events = self._done(Job.model_validate_json(config[worker.JOB]))

        def _done(self, job: Job) -> Any:
            import numpy as np

            for share in (0.5, 1.0):
                step = round(share * job.settings.training.steps)
                yield Interval(step, {"total": 0.5, "perception": 0.25, "restoration": 0.25}, share=share)
            images = tuple(f"test/broken/{index:03d}.png" for index in range(100))
            yield Details(images, ("broken",) * 100, np.linspace(0, 1, 100, dtype=np.float32))
            yield Record.of(
                job,
                status="done",
                metrics=dict.fromkeys(metrics, 0.5),
                losses={"total": 0.5, "perception": 0.25, "restoration": 0.25},
                timings={"features_seconds": 1.0, "fit_seconds": 6.0, "score_seconds": 2.0},
                provenance={"versions": dict.fromkeys(("python", "torch", "ray"), "1.2.3"), "host": "somewhere"},
            )

    return NoOp
