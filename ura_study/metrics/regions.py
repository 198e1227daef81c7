"""AUPRO: area under the per-region overlap curve.

Source: Bergmann, Batzner, Fauser, Sattlegger & Steger, "The MVTec Anomaly Detection Dataset", IJCV 129 (2021), sec. 5.

A region is an 8-connected component of one image's mask. With the regions of all images in one pool and the pixels
called anomalous at threshold t:

    PRO(t) = mean over regions of (pixels of the region called anomalous / area of the region)
    FPR(t) = normal pixels called anomalous / normal pixels, of all images together
    aupro  = area under (FPR, PRO) for FPR from 0 to the limit (0.3 in the paper), divided by the limit

The curve starts at (0, 0), has a point at every distinct score and is linear in between, also up to the limit. A pixel
of a region of area A adds 1 / (R A) to PRO, so the sorted curve of the other pixel metrics serves here too.

Legend: N images, R regions, P anomalous pixels, T distinct scores among the anomalous pixels.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import ndimage

from ura_study.metrics.ranking import BLOCK, Block, Curve, Gains, area_under

EIGHT_CONNECTED = np.ones((3, 3), dtype=bool)


def region_areas(masks: Iterable[np.ndarray]) -> np.ndarray:
    """Return the pixels of the region that each anomalous pixel lies in, (P,) int32 in the order of `mask[mask]`.

    Each mask is (H, W) bool and on the CPU: PyTorch finds no regions. Raises ValueError when no pixel is anomalous.
    """
    found = [_areas_of(mask) for mask in masks if mask.any()]
    if not found:
        raise ValueError("Expected at least one anomalous pixel but got none")
    return np.concatenate(found)


def _areas_of(mask: np.ndarray) -> np.ndarray:
    components, _ = ndimage.label(mask, structure=EIGHT_CONNECTED)
    region = components[mask]
    return np.bincount(region).astype(np.int32)[region]


def aupro(curve: Curve, areas: np.ndarray, fpr_limit: float = 0.3) -> float:
    """Return the area under the per-region overlap curve up to `fpr_limit`, 0..1.

    `curve` is `rank(masks, maps)` and `areas` is `region_areas(masks)`, of the same masks.
    Raises ValueError unless 0 < fpr_limit <= 1 and there is one area per anomalous pixel.
    """
    return area_under(curve, rises(curve, areas), fpr_limit)


def rises(curve: Curve, areas: np.ndarray) -> Gains:
    """Return by how much the mean overlap rises at each threshold, with sum 1; the arguments are `aupro`'s.

    Raises ValueError unless there is one area per anomalous pixel.
    """
    if areas.shape != curve.order.shape:
        raise ValueError(f"Expected areas of shape {curve.order.shape} but got {areas.shape}")
    regions = _count(areas)

    def of(block: Block) -> np.ndarray:
        tier = np.repeat(np.arange(len(block.hits)), block.hits)
        return np.bincount(tier, weights=1.0 / areas[block.items] / regions)

    return of


def _count(areas: np.ndarray) -> int:
    """Return R: the pixels of each region add up to A / A."""
    parts = (areas[start : start + BLOCK] for start in range(0, areas.size, BLOCK))
    return round(sum(float((1.0 / part).sum()) for part in parts))
