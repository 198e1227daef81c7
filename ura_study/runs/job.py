"""The order that the driver gives to a worker: one run, complete, as a line of JSON."""

from __future__ import annotations

from ura_study.config import EvaluationSettings, VariantSettings
from ura_study.data.config import DataSettings
from ura_study.settings import Settings


class Job(Settings):
    """One run and everything a worker on another machine needs to do it."""

    run_id: str
    study: str
    variant: str
    category: str
    seed: int
    data: DataSettings
    """Where the images lie, `root` absolute."""
    fingerprint: str
    """What the driver found there; a worker that finds something else refuses."""
    settings: VariantSettings
    evaluation: EvaluationSettings
    threads: int
    """Processor threads: part of the order, since floating-point sums depend on it."""
    gpu: float = 0.0
    """Share of a GPU that the run may use; 0: processor only."""
