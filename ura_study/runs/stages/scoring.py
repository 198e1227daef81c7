"""The score stage: from a fitted detector to full-size anomaly maps and image scores."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch

from ura_study.detectors.anomaly_map import full_size, image_scores
from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.scoring_config import BATCH, ScoringSettings
from ura_study.features.maps import FeatureMaps
from ura_study.metrics.uncertainty import TokenMaps, joined
from ura_study.randomness import generator
from ura_study.runs.memory import peak_bytes, start_counting


@dataclass(frozen=True)
class Scored:
    """Scores of N images; larger is more anomalous."""

    maps: np.ndarray
    """(N, H, H) float32."""
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
    maps, values, said, moved = [], [], [], []
    for start in range(0, len(images), BATCH):
        part = slice(start, start + BATCH)
        told = None if known is None else torch.from_numpy(known[part]).to(device)
        scores = detector.score(images.batch(part, device), told)
        full = full_size(scores.maps, image_size, settings)  # (B, H, H)
        maps.append(full.cpu().numpy())
        values.append((image_scores(full, settings) if scores.images is None else scores.images).cpu().numpy())
        said.append(_token_maps(scores))
        moved += [] if scores.residual is None else [scores.residual.cpu().numpy()]
    seconds = time.perf_counter() - started
    return Scored(
        maps=np.concatenate(maps),
        scores=np.concatenate(values),
        ms_per_image=1000 * seconds / len(images),
        tokens=joined(said),
        residual=np.concatenate(moved) if moved else None,
        gpu_peak_bytes=peak_bytes(device),
    )


def _token_maps(scores: Scores) -> TokenMaps | None:
    if scores.probability is None or scores.epistemic is None or scores.aleatoric is None:
        return None
    return TokenMaps(*(x.cpu().numpy() for x in (scores.probability, scores.epistemic, scores.aleatoric)))
