"""Nodes are asked whether they can do runs before they get any, each by a task that is bound to it."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from ura_study.errors import UserError
from ura_study.results.mixed import LIBRARIES
from ura_study.runs.job import Job

#: Seconds after which a node that has not answered counts as one that can: its first run will tell.
LONGEST = 60.0


@dataclass(frozen=True)
class Examined:
    """What was found on a node."""

    host: str
    trouble: str = ""
    """Why runs cannot be done there, in one line; empty where they can."""
    versions: dict[str, str] = field(default_factory=dict)
    """Library → its version there."""


class Examination:
    """What nodes were asked and have not answered yet."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[Any, float]] = {}
        """Node → the answer to come, and when it was asked."""

    def ask(self, node: str, jobs: Iterable[Job]) -> None:
        """Have a node examined for these jobs. It needs none of the node's processors, so it need not be free."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        there = NodeAffinitySchedulingStrategy(node, soft=False)
        task = ray.remote(num_cpus=0, max_retries=0, scheduling_strategy=there)(examined)
        self._asked[node] = task.remote([job.model_dump_json() for job in sample(jobs)]), time.monotonic()

    def answers(self) -> Iterator[tuple[str, Examined | None]]:
        """Yield the nodes that have answered since, with what was found; None where nothing was."""
        import ray

        for node, (answer, asked) in list(self._asked.items()):
            if ray.wait([answer], timeout=0)[0]:
                del self._asked[node]
                yield node, _read(answer)
            elif time.monotonic() - asked > LONGEST:
                del self._asked[node]
                yield node, None


def examined(orders: Sequence[str]) -> Examined:
    """Examine this machine for some jobs, given as JSON; torch is imported here, in the node's process."""
    from ura_study.runs.examine import examine

    trouble = ""
    try:
        for order in orders:
            examine(order)
    except UserError as error:
        trouble = str(error)
    return Examined(platform.node(), trouble, {name: version(name) for name in LIBRARIES})


def sample(jobs: Iterable[Job]) -> list[Job]:
    """Return some of the jobs, of which each category, backbone and list of plug-ins has one."""
    seen: set[object] = set()
    chosen = []
    for job in jobs:
        features = job.settings.features
        traits = {job.category, (features.backbone, features.weights), tuple(job.plugins.items())}
        if not traits <= seen:
            seen |= traits
            chosen.append(job)
    return chosen


def other_versions(found: dict[str, str]) -> str:
    """Return which libraries differ from those on this machine; empty where none do."""
    own = {name: version(name) for name in found}
    return ", ".join(f"{name} {there} (here {own[name]})" for name, there in found.items() if there != own[name])


def _read(answer: Any) -> Examined | None:
    """Return an answer; None where the node is gone. A bug there is one of its runs, too: it will be recorded."""
    import ray

    try:
        return ray.get(answer)
    except ray.exceptions.RayError:
        return None
