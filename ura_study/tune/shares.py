"""What share of a GPU a run gets: the one that the study says or, with `gpu: auto`, by what the first run held.

The memory that a run takes follows from its backbone, sizes and batch, which most variants of a study have in common.
So one measured run decides for all, with a margin, and a variant that runs out of memory is given more.
"""

from __future__ import annotations

import math

from ura_study.output import notice
from ura_study.runs.job import Job
from ura_study.runs.record import Record
from ura_study.study.config import ResourceSettings
from ura_study.tune.machines import Machines

#: What is reserved for a run, in units of what the measured run held.
MARGIN = 1.25
#: Ray counts resources in steps of this.
STEP = 1e-4


class Shares:
    """The shares of the runs of a study on `machines`."""

    def __init__(self, resources: ResourceSettings, machines: Machines) -> None:
        self._measuring = resources.gpu == "auto" and machines.gpu > 0
        self._auto, self._machines = resources.gpu == "auto", machines
        self._grown: dict[str, float] = {}
        """Variant → its share, of variants for which the usual one was too little."""

    def of(self, job: Job) -> float:
        """Return the share of a run, or its number of GPUs."""
        return max(self._machines.gpu, self._grown.get(job.variant, 0.0)) if self._auto else job.gpu

    def learn(self, record: Record) -> None:
        """Take in a finished run; the first one on a GPU decides how many share one."""
        total = record.provenance.get("gpu_bytes")
        if not self._measuring or record.gpu_held_bytes is None or not total:
            return
        self._measuring = False
        fit = int(total / (MARGIN * record.gpu_held_bytes))
        count = max(1, min(fit, self._machines.per_gpu()))
        self._machines.gpu = math.floor(1 / count / STEP) * STEP
        held, whole = record.gpu_held_bytes / 1e9, total / 1e9
        limit = "" if count == fit else f" ({fit} by memory, but each needs its processors)"
        notice(f"gpu: auto: a run held {held:.1f} of {whole:.0f} GB, so {count} share a GPU{limit}")

    def grow(self, job: Job) -> bool:
        """Double the share of the variant of a run that ran out of memory; return False where that is not possible."""
        if not self._auto or not 0 < job.gpu < 1:
            return False
        self._grown[job.variant] = max(self._grown.get(job.variant, 0.0), min(1.0, 2 * job.gpu))
        notice(f"gpu: auto: {job.variant} ran out of memory with {job.gpu:.2g} of a GPU; it gets twice as much")
        return True
