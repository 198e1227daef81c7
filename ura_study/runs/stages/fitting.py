"""The fit stage: weights are found once and shared by all runs that differ only in what scoring reads.

Fitted weights are cache entries, addressed by everything they depend on: the images trained on, the features, the
model and the training without their inference-only settings, the seed, the threads and the kind of device. They bring
their training curve along.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from ura_study.cache import building, cache_root, is_genuine, locked, used, writing
from ura_study.canonical import digest
from ura_study.data.table import Sample
from ura_study.detectors.base import Detector
from ura_study.detectors.build import build_detector
from ura_study.features.maps import FeatureMaps
from ura_study.runs.job import Job
from ura_study.runs.stages.preparation import prepared
from ura_study.runs.stages.weights import about, bound, limit, load, save
from ura_study.training.checkpoint import Checkpoint
from ura_study.training.loop import Interval, NonFiniteLoss, descend

#: What a detector is worth by now: metrics by name.
Watch = Callable[[Detector], dict[str, float | None]]


@dataclass(frozen=True)
class Fitted:
    """A detector with its weights, and where they came from."""

    detector: Detector
    curve: tuple[Interval, ...]
    """What training reported, also where it was another run that trained."""
    seconds: float
    """What preparation and training took, whoever did them."""
    id: str
    shared: bool
    """Whether the weights were found in the cache."""
    continued_at: int | None = None
    """The step at which a training that was cut off was continued; None: it was begun here, or found in the cache."""
    trouble: str = ""
    """Why checkpoints could not be written; empty where they could."""

    @property
    def losses(self) -> dict[str, float]:
        """Terms of the loss in the last interval; none of a detector that is not trained by gradient."""
        return self.curve[-1].losses if self.curve else {}


def fitted(
    job: Job, samples: Sequence[Sample], train: FeatureMaps, device: torch.device, watch: Watch | None = None
) -> Generator[Interval, None, Fitted]:
    """Yield the progress of the training and return its result; who wants the same weights meanwhile waits for them.

    A training that was cut off is continued from its last checkpoint; what it reported before is yielded again.

    Args:
        job: the run.
        samples: the images of `train`.
        train: the feature maps to train on.
        device: where to train.
        watch: returns what a detector is worth so far; each interval of a new training then holds it.

    Raises:
        NonFiniteLoss: where training diverged; nothing is kept then.
        ResourceError: where the weights cannot be written, or there is no folder for checkpoints.
    """
    detector = build_detector(job.settings.model, train.channels, train.map_size)
    described = about(job, samples, device)
    folder = cache_root() / "fits" / digest(described)
    checkpoint = Checkpoint(job.settings.training, job.run_id, f"{folder.name} {job.program}")
    kept: dict[str, Any] | None = None
    with writing(folder), locked(folder):
        if shared := is_genuine(folder, described):
            curve, seconds = load(folder, detector, device)
            yield from _repeated(curve, detector, watch)
        else:
            kept = checkpoint.load()
            curve, seconds = yield from _train(job, samples, detector, train, device, watch, checkpoint, kept)
            with building(folder, described) as temporary:
                save(temporary, detector, curve, seconds)
        used(folder)
    checkpoint.remove()
    if not shared:
        bound(folder, limit())
    continued_at = None if kept is None else kept["training"]["steps"]
    return Fitted(detector, curve, seconds, folder.name, shared, continued_at, checkpoint.trouble)


def _train(
    job: Job,
    samples: Sequence[Sample],
    detector: Detector,
    train: FeatureMaps,
    device: torch.device,
    watch: Watch | None,
    checkpoint: Checkpoint,
    kept: dict[str, Any] | None,
) -> Generator[Interval, None, tuple[tuple[Interval, ...], float]]:
    """Yield the intervals of a training; return them and its seconds, with those of preparation (whoever did that) and
    without those that others took in between.

    `kept` is what the checkpoint holds: what this function left when it was cut off.
    """
    preparation = prepared(job, samples, detector, train, device)
    kept = kept or {"training": None, "reported": [], "seconds": preparation}
    reported = [Interval(**interval) for interval in kept["reported"]]
    seconds, started = kept["seconds"], time.perf_counter()

    def keep(state: Callable[[], dict[str, Any]]) -> None:
        if checkpoint.due():
            so_far = seconds + time.perf_counter() - started
            checkpoint.save({"training": state(), "reported": [asdict(i) for i in reported], "seconds": so_far})

    yield from reported
    intervals = descend(detector, train, job.settings.training, job.seed, device, kept["training"], keep)
    while True:
        started = time.perf_counter()
        try:
            interval = next(intervals, None)
        except NonFiniteLoss:
            checkpoint.remove()
            raise
        seconds += time.perf_counter() - started
        if interval is None:
            return tuple(replace(interval, metrics={}) for interval in reported), seconds
        reported.append(interval if watch is None else replace(interval, metrics=watch(detector)))
        yield reported[-1]


def _repeated(curve: Sequence[Interval], detector: Detector, watch: Watch | None) -> Iterator[Interval]:
    """Yield a curve that another run left. What it was worth on the way is not known of these scoring settings."""
    yield from curve[:-1]
    for last in curve[-1:]:
        yield last if watch is None else replace(last, metrics=watch(detector))
