"""The fit stage: weights are found once and shared by all runs that differ only in what scoring reads.

Fitted weights are cache entries, addressed by everything they depend on: the images trained on, the features, the
model and the training without their inference-only settings, the seed, the threads and the kind of device. They bring
their training curve along. All of them together hold at most `$URA_STUDY_FITS_GB` gigabytes (default 5), and one per
cent more for each process; those that were not used for longest go first.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ura_study.cache import building, cache_root, is_genuine, locked, size, trim, used, writing
from ura_study.canonical import digest
from ura_study.data.fingerprint import contents
from ura_study.data.table import Sample
from ura_study.detectors.base import Detector
from ura_study.detectors.build import build_detector
from ura_study.errors import ConfigError
from ura_study.features.catalogue import weights_id
from ura_study.features.maps import FeatureMaps
from ura_study.plugins import identities
from ura_study.runs.job import Job
from ura_study.settings import trained_part
from ura_study.training.checkpoint import Checkpoint
from ura_study.training.loop import Interval, NonFiniteLoss, fit

WEIGHTS, CURVE = "weights.pt", "curve.json"
#: Raised when the same settings come to mean other weights: older ones are then not reused. (How they are scored and
#: judged is `plan.RUN_VERSION`'s.)
FIT_VERSION = 6
GIGABYTE = 1 << 30
#: Share of the limit that a process may write before it looks again whether all weights together exceed it.
SLACK = 0.01
#: Bytes that this process has written since it last did, by folder.
_written: dict[Path, int] = {}

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
    about = _about(job, samples, device)
    folder = cache_root() / "fits" / digest(about)
    checkpoint = Checkpoint(job.settings.training, job.run_id, f"{folder.name} {job.program}")
    kept: dict[str, Any] | None = None
    with writing(folder), locked(folder):
        if shared := is_genuine(folder, about):
            curve, seconds = _load(folder, detector, device)
            yield from _repeated(curve, detector, watch)
        else:
            kept = checkpoint.load()
            curve, seconds = yield from _train(job, detector, train, device, watch, checkpoint, kept)
            with building(folder, about) as temporary:
                _save(temporary, detector, curve, seconds)
        used(folder)
    checkpoint.remove()
    if not shared:
        _bound(folder, _limit())
    continued_at = None if kept is None else kept["training"]["steps"]
    return Fitted(detector, curve, seconds, folder.name, shared, continued_at, checkpoint.trouble)


def _about(job: Job, samples: Sequence[Sample], device: torch.device) -> dict[str, object]:
    settings = job.settings
    return {
        "version": FIT_VERSION,
        "torch": torch.__version__,
        "device": device.type,
        "threads": job.threads,
        "images": digest(contents(samples)),
        **job.data.preprocessing.identity(),
        "weights": weights_id(settings.features),
        "features": trained_part(settings.features),
        "model": trained_part(settings.model),
        "training": trained_part(settings.training),
        "seed": job.seed,
        **({"plugins": identities(plugins)} if (plugins := job.settings.plugins()) else {}),
    }


def _train(
    job: Job,
    detector: Detector,
    train: FeatureMaps,
    device: torch.device,
    watch: Watch | None,
    checkpoint: Checkpoint,
    kept: dict[str, Any] | None,
) -> Generator[Interval, None, tuple[tuple[Interval, ...], float]]:
    """Yield the intervals of a training; return them and its seconds, without those that others took in between.

    `kept` is what the checkpoint holds: what this function left when it was cut off.
    """
    kept = kept or {"training": None, "reported": [], "seconds": 0.0}
    reported = [Interval(**interval) for interval in kept["reported"]]
    seconds, started = kept["seconds"], time.perf_counter()

    def keep(state: Callable[[], dict[str, Any]]) -> None:
        if checkpoint.due():
            so_far = seconds + time.perf_counter() - started
            checkpoint.save({"training": state(), "reported": [asdict(i) for i in reported], "seconds": so_far})

    yield from reported
    intervals = fit(detector, train, job.settings.training, job.seed, device, kept["training"], keep)
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


def _save(folder: Path, detector: Detector, curve: Sequence[Interval], seconds: float) -> None:
    weights = io.BytesIO()
    torch.save(detector.state_dict(), weights)  # to a file, it would tell a full disk by a RuntimeError
    (folder / WEIGHTS).write_bytes(weights.getbuffer())
    (folder / CURVE).write_text(json.dumps({"seconds": seconds, "intervals": [asdict(i) for i in curve]}))


def _load(folder: Path, detector: Detector, device: torch.device) -> tuple[tuple[Interval, ...], float]:
    detector.to(device)
    detector.load_state_dict(torch.load(folder / WEIGHTS, map_location=device, weights_only=True))
    curve = json.loads((folder / CURVE).read_text())
    return tuple(Interval(**interval) for interval in curve["intervals"]), curve["seconds"]


def _bound(new: Path, limit: int) -> None:
    """Remove what was not used for longest where all weights together, `new` ones included, exceed `limit` bytes.

    All of them are looked at only when this process has written a hundredth of the limit since it last did: each time
    would take longer and longer with the number of runs.
    """
    written = _written.get(new.parent, limit) + size(new)  # what is there at first is not known
    if written > SLACK * limit:
        trim(new.parent, limit)
        written = 0
    _written[new.parent] = written


def _limit() -> int:
    """Return the bytes that all weights together may hold."""
    given = os.environ.get("URA_STUDY_FITS_GB", "5")
    try:
        return int(float(given) * GIGABYTE)
    except ValueError:
        raise ConfigError(f"URA_STUDY_FITS_GB: expected a number of gigabytes, but got '{given}'") from None
