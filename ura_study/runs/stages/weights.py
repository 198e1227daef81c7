"""Weights of detectors as cache entries, with their training curve.

Those of trainings together hold at most `$URA_STUDY_FITS_GB` gigabytes (default 5), and one per cent more for each
process; those that were not used for longest go first. (What trainings start from has a limit of its own.)
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from ura_study.cache import size, trim
from ura_study.canonical import digest
from ura_study.data.fingerprint import contents
from ura_study.data.table import Sample
from ura_study.detectors.base import Detector
from ura_study.errors import ConfigError
from ura_study.features.catalogue import weights_id
from ura_study.plugins import identities
from ura_study.runs.job import Job
from ura_study.settings import trained_part
from ura_study.training.loop import Interval

WEIGHTS, CURVE = "weights.pt", "curve.json"
#: Raised when the same settings come to mean other weights: older ones are then not reused. (How they are scored and
#: judged is `plan.RUN_VERSION`'s.)
FIT_VERSION = 6
GIGABYTE = 1 << 30
#: Share of the limit that a process may write before it looks again whether all weights together exceed it.
SLACK = 0.01
#: Bytes that this process has written since it last did, by folder.
_written: dict[Path, int] = {}


def about(job: Job, samples: Sequence[Sample], device: torch.device) -> dict[str, object]:
    """Return everything that the weights depend on, JSON-able."""
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


def save(folder: Path, detector: Detector, curve: Sequence[Interval], seconds: float) -> None:
    """Write weights, the curve of their training and the seconds it took into the folder of an entry."""
    weights = io.BytesIO()
    torch.save(detector.state_dict(), weights)  # to a file, it would tell a full disk by a RuntimeError
    (folder / WEIGHTS).write_bytes(weights.getbuffer())
    (folder / CURVE).write_text(json.dumps({"seconds": seconds, "intervals": [asdict(i) for i in curve]}))


def load(folder: Path, detector: Detector, device: torch.device) -> tuple[tuple[Interval, ...], float]:
    """Give a detector, on `device`, the weights of an entry; return their curve and the seconds of their training."""
    detector.to(device)
    detector.load_state_dict(torch.load(folder / WEIGHTS, map_location=device, weights_only=True))
    curve = json.loads((folder / CURVE).read_text())
    return tuple(Interval(**interval) for interval in curve["intervals"]), curve["seconds"]


def bound(new: Path, most: int) -> None:
    """Remove what was not used for longest where all weights beside the entry `new`, and it, exceed `most` bytes.

    All of them are looked at only when this process has written a hundredth of the limit since it last did: each time
    would take longer and longer with the number of runs.
    """
    written = _written.get(new.parent, most) + size(new)  # what is there at first is not known
    if written > SLACK * most:
        trim(new.parent, most)
        written = 0
    _written[new.parent] = written


def limit() -> int:
    """Return the bytes that all weights together may hold."""
    given = os.environ.get("URA_STUDY_FITS_GB", "5")
    try:
        return int(float(given) * GIGABYTE)
    except ValueError:
        raise ConfigError(f"URA_STUDY_FITS_GB: expected a number of gigabytes, but got '{given}'") from None
