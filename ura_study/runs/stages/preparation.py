"""What comes before the first step of a training, done once for all runs whose training starts from the same.

Variants that differ in training, or in a part of the model that only the loss reads, start from the same weights. A
detector whose preparation takes long names these parts (`DetectorSettings.loss_only`); what it prepared is then a cache
entry. All of them together hold at most a fifth of what trained weights may.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch

from ura_study.cache import building, cache_root, is_genuine, locked, used, writing
from ura_study.canonical import digest
from ura_study.data.table import Sample
from ura_study.detectors.base import Detector
from ura_study.features.maps import FeatureMaps
from ura_study.runs.job import Job
from ura_study.runs.stages.weights import about, bound, limit, load, save
from ura_study.settings import trained_part
from ura_study.training.loop import prepare

#: Bytes that all preparations together may hold, as a share of those of trained weights.
SHARE = 0.2


def prepared(
    job: Job, samples: Sequence[Sample], detector: Detector, train: FeatureMaps, device: torch.device
) -> float:
    """Prepare a detector on `device`, or take what another run prepared; return the seconds it took, whoever did it.

    Args:
        job: the run.
        samples: the images of `train`.
        detector: as it was built.
        train: the feature maps to train on.
        device: where to train.

    Raises:
        ResourceError: where what was prepared cannot be written.
    """
    loss_only = job.settings.model.loss_only
    if loss_only is None or not detector.trains_by_gradient:
        return _seconds(detector, train, job.seed, device)
    model = {key: value for key, value in trained_part(job.settings.model).items() if key not in loss_only}
    described = about(job, samples, device) | {"model": model, "training": None}
    folder = cache_root() / "preparations" / digest(described)
    with writing(folder), locked(folder):
        if shared := is_genuine(folder, described):
            _, seconds = load(folder, detector, device)
        else:
            seconds = _seconds(detector, train, job.seed, device)
            with building(folder, described) as temporary:
                save(temporary, detector, (), seconds)
        used(folder)
    if not shared:
        bound(folder, int(SHARE * limit()))
    return seconds


def _seconds(detector: Detector, train: FeatureMaps, seed: int, device: torch.device) -> float:
    """Prepare a detector and return the seconds that it took."""
    started = time.perf_counter()
    prepare(detector, train, seed, device)
    return time.perf_counter() - started
