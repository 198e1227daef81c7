"""The metrics stage: the scores of images against their labels and masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from ura_study.data.check import common_shape
from ura_study.data.config import DataSettings
from ura_study.data.images import load_masks
from ura_study.data.table import Sample
from ura_study.metrics.evaluate import Metrics, evaluate
from ura_study.runs.scoring import Scored


def evaluate_run(samples: Sequence[Sample], scored: Scored, data: DataSettings, fpr_limit: float) -> Metrics:
    """Return the metrics of scored images, judged at `eval_size`; labels come from folders, never from masks.

    Raises:
        DataError: where a mask does not fit, or images of different sizes are to be judged at their own.
    """
    labels = np.array([sample.anomalous for sample in samples])
    size = data.eval_size or data.image_size
    if size == "original":
        shape, size, crop_from = common_shape(samples), None, None
    else:
        shape, crop_from = (size, size), data.crop_from and round(data.crop_from * size / data.image_size)
    masks = masks_of(samples, size, crop_from)
    return evaluate(labels, scored.scores, resized(scored.maps, shape), masks, fpr_limit=fpr_limit)


def masks_of(samples: Sequence[Sample], size: int | None, crop_from: int | None) -> list[np.ndarray | None]:
    """Return the mask of each sample as (size, size) bool, or at its own size; None where there is none."""
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
