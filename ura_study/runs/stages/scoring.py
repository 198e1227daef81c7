"""The score stage: from a fitted detector to full-size anomaly maps and image scores."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ura_study.detectors.anomaly_map import full_size, image_scores
from ura_study.detectors.base import Detector
from ura_study.detectors.scoring_config import BATCH, ScoringSettings
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent
from ura_study.metrics.uncertainty import TokenMaps
from ura_study.randomness import generator
from ura_study.runs.memory import peak_bytes, start_counting

#: Most bytes of features, as float32, that are scored at once.
BATCH_BYTES = 256 << 20


@dataclass(frozen=True)
class Scored:
    """Scores of N images; larger is more anomalous."""

    maps: Tensor
    """(N, H, H) float32, on the device of the detector, where they are judged."""
    scores: np.ndarray
    """(N,) float32."""
    ms_per_image: float
    """Mean time per image of detector, smoothing and image score, without the backbone."""
    tokens: TokenMaps | None = None
    """Probability and its uncertainty on the feature grid, of a detector that gives them."""
    residual: np.ndarray | None = None
    """(N, S, S) how far restoration moved each token, of a detector that restores."""
    gpu_peak_bytes: int | None = None
    """Most bytes at once on the GPU meanwhile; None on a CPU."""


def score_images(
    detector: Detector,
    train: FeatureMaps,
    test: FeatureMaps,
    settings: ScoringSettings,
    image_size: int,
    seed: int,
    device: torch.device,
    known: np.ndarray | None = None,
) -> Scored:
    """Score the images of `test`, after the detector took its calibration from the normal images of `train`.

    `known` are the N images' tokens (N, S, S) bool that are anomalous in truth, for an oracle; else None.
    """
    detector.calibrate(train, generator(seed, "calibrate"))
    return score_maps(detector, test, settings, image_size, device, known)


def score_maps(
    detector: Detector,
    images: FeatureMaps,
    settings: ScoringSettings,
    image_size: int,
    device: torch.device,
    known: np.ndarray | None = None,
) -> Scored:
    """Score images with a detector that is calibrated; `known` as in `score_images`."""
    start_counting(device)
    started = time.perf_counter()
    maps = torch.empty(len(images), image_size, image_size, device=device)
    values, said = [], []
    size = batch_size(images)
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        told = None if known is None else sent(torch.from_numpy(known[part]), device)
        scores = detector.score(images.batch(part, device), told)
        full = full_size(scores.maps, image_size, settings)  # (B, H, H)
        maps[part] = full
        values.append(image_scores(full, settings) if scores.images is None else scores.images)
        said.append((scores.probability, scores.epistemic, scores.aleatoric, scores.residual))
    found = torch.cat(values).cpu().numpy()  # the first that waits for a GPU
    seconds = time.perf_counter() - started
    probability, epistemic, aleatoric, residual = map(_joined, zip(*said, strict=True))
    tokens = None
    if probability is not None and epistemic is not None and aleatoric is not None:
        tokens = TokenMaps(probability, epistemic, aleatoric)
    return Scored(
        maps=maps,
        scores=found,
        ms_per_image=1000 * seconds / len(images),
        tokens=tokens,
        residual=residual,
        gpu_peak_bytes=peak_bytes(device),
    )


def batch_size(images: FeatureMaps) -> int:
    """Return how many images are scored at once: `BATCH`, or fewer where their features would exceed `BATCH_BYTES`."""
    of_one = 4 * images.channels * images.map_size**2
    return max(1, min(BATCH, BATCH_BYTES // of_one))


def _joined(parts: Sequence[Tensor | None]) -> np.ndarray | None:
    """Return what was said of several batches as one array on the CPU; None where it was said of none."""
    given = [part for part in parts if part is not None]
    return torch.cat(given).cpu().numpy() if given else None
