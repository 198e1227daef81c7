"""What `evaluate` assumes of its arguments, one named check per assumption. Each raises ValueError."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

Masks = Sequence[np.ndarray | None]


def check_labels(labels: np.ndarray) -> None:
    """One truth value per image, at least one image."""
    if labels.dtype != bool or labels.ndim != 1:
        raise ValueError(f"Expected labels of dtype bool and shape (N,) but got {labels.dtype} and {labels.shape}")
    if labels.size == 0:
        raise ValueError("Expected at least one test image but got 0")


def check_scores(scores: np.ndarray, images: int) -> None:
    """One finite floating-point score per image."""
    if scores.shape != (images,):
        raise ValueError(f"Expected scores of shape ({images},) but got {scores.shape}")
    if not np.issubdtype(scores.dtype, np.floating):
        raise ValueError(f"Expected scores of a floating dtype but got {scores.dtype}")
    for index in np.flatnonzero(~np.isfinite(scores))[:1]:
        raise ValueError(f"Expected finite scores but got {scores[index]} for image {index}")


def check_maps(maps: Tensor, images: int) -> None:
    """One finite floating-point (H, W) map per image."""
    if maps.ndim != 3 or len(maps) != images or maps.numel() == 0:
        raise ValueError(f"Expected maps of shape ({images}, H, W) but got {tuple(maps.shape)}")
    if not maps.dtype.is_floating_point:
        raise ValueError(f"Expected maps of a floating dtype but got {maps.dtype}")
    if torch.stack(maps.aminmax()).isfinite().all():  # they carry a NaN on, and take no memory
        return
    for index, image in enumerate(maps):
        bad = int((~image.isfinite()).sum())
        if bad:
            raise ValueError(f"Expected finite maps but got {bad} non-finite pixels in image {index}")


def check_mask_count(masks: Masks, images: int) -> None:
    """One mask, or None, per image."""
    if len(masks) != images:
        raise ValueError(f"Expected {images} masks (or None) but got {len(masks)}")


def check_masks(masks: Masks, shape: tuple[int, ...]) -> None:
    """Every mask that is there is bool and as large as the maps."""
    for index, mask in enumerate(masks):
        if mask is None:
            continue
        if mask.dtype != bool or mask.shape != shape:
            came = f"{mask.dtype} and {mask.shape} for image {index}"
            raise ValueError(f"Expected masks of dtype bool and shape {shape} but got {came}")


def check_normal_masks(labels: np.ndarray, masks: Masks) -> None:
    """No defect is drawn on an image whose folder says normal."""
    for index in np.flatnonzero(~labels).tolist():
        mask = masks[index]
        if mask is not None and mask.any():
            raise ValueError(
                f"Expected an empty mask for normal image {index} but got {np.count_nonzero(mask)} anomalous pixels"
            )


def check_fpr_limit(limit: float) -> None:
    """AUPRO is integrated over a part of the FPR axis that is not empty."""
    if not 0 < limit <= 1:
        raise ValueError(f"Expected 0 < fpr_limit <= 1 but got {limit}")
