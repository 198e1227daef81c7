"""The metrics stage: the scores of images against their labels and masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from ura_study.data.check import common_shape
from ura_study.data.config import DataSettings
from ura_study.data.images import load_masks
from ura_study.data.table import Sample
from ura_study.metrics.borders import coverage
from ura_study.metrics.evaluate import Metrics, evaluate
from ura_study.runs.scoring import Scored


@dataclass(frozen=True)
class Truth:
    """What is true of N images, at the size at which maps are judged."""

    labels: np.ndarray
    """(N,) bool, True where anomalous: from the folders, never from masks."""
    shape: tuple[int, int]
    masks: list[np.ndarray | None]
    """Of each image (*shape) bool, or None where there is no mask."""


def truth_of(samples: Sequence[Sample], data: DataSettings) -> Truth:
    """Return labels and masks of images, at `eval_size`.

    Raises:
        DataError: where a mask does not fit, or images of different sizes are to be judged at their own.
    """
    labels = np.array([sample.anomalous for sample in samples])
    size = data.eval_size or data.image_size
    if size == "original":
        return Truth(labels, common_shape(samples), _masks(samples, None, None))
    crop_from = data.crop_from and round(data.crop_from * size / data.image_size)
    return Truth(labels, (size, size), _masks(samples, size, crop_from))


def as_seen(samples: Sequence[Sample], data: DataSettings, truth: Truth) -> list[np.ndarray | None]:
    """Return the masks of images at the size that the network sees; `truth` is what is known of them."""
    if (data.eval_size or data.image_size) == data.image_size:
        return truth.masks
    return _masks(samples, data.image_size, data.crop_from)


def touched(masks: Sequence[np.ndarray | None], side: int) -> np.ndarray:
    """Return the tokens (N, side, side) bool that masks as seen touch: what an oracle knows. None touches nothing."""
    size = next((mask.shape[0] for mask in masks if mask is not None), side)
    blank = np.zeros((size, size), bool)
    return coverage(np.stack([blank if mask is None else mask for mask in masks]), side) > 0


def evaluate_run(scored: Scored, truth: Truth, fpr_limit: float) -> Metrics:
    """Return the metrics of scored images."""
    return evaluate(truth.labels, scored.scores, resized(scored.maps, truth.shape), truth.masks, fpr_limit=fpr_limit)


def _masks(samples: Sequence[Sample], size: int | None, crop_from: int | None) -> list[np.ndarray | None]:
    return [load_masks(sample.masks, sample.path, size, crop_from) for sample in samples]


def resized(maps: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return maps (N, S, S) as (N, *shape), bilinear; the very same array where they are of this shape."""
    if maps.shape[1:] == shape:
        return maps
    large = np.empty((len(maps), *shape), maps.dtype)
    for image, result in zip(maps, large, strict=True):
        of_one = torch.from_numpy(image)[None, None]
        result[:] = functional.interpolate(of_one, size=shape, mode="bilinear", align_corners=False)[0, 0].numpy()
    return large
