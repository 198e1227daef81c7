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

import numpy as np
from scipy import ndimage

from ura_study.metrics.ranking import Curve, area_under

EIGHT_CONNECTED = np.ones((3, 3), dtype=bool)


def region_weights(masks: np.ndarray) -> np.ndarray:
    """Return what each anomalous pixel adds to PRO, (P,) in the order of `masks[masks]`; they sum to 1.

    `masks` is (N, H, W) bool. Raises ValueError when no pixel is anomalous.
    """
    found = [_pixel_shares(mask) for mask in masks if mask.any()]
    if not found:
        raise ValueError("Expected at least one anomalous pixel but got none")
    shares, regions = zip(*found, strict=True)
    weights = np.concatenate(shares)
    weights /= sum(regions)
    return weights


def _pixel_shares(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Return 1 / (area of its region) for each anomalous pixel of one (H, W) mask, and the number of regions."""
    components, count = ndimage.label(mask, structure=EIGHT_CONNECTED)
    region = components[mask]
    return 1.0 / np.bincount(region)[region], count


def aupro(curve: Curve, weights: np.ndarray, fpr_limit: float = 0.3) -> float:
    """Return the area under the per-region overlap curve up to `fpr_limit`, 0..1.

    `curve` is `rank(masks, maps)` and `weights` is `region_weights(masks)`, of the same masks.
    Raises ValueError unless 0 < fpr_limit <= 1 and there is one weight per anomalous pixel.
    """
    return area_under(curve, rises(curve, weights), fpr_limit)


def rises(curve: Curve, weights: np.ndarray) -> np.ndarray:
    """Return by how much the mean overlap rises at each threshold (T,), with sum 1; the arguments are `aupro`'s.

    Raises ValueError unless there is one weight per anomalous pixel.
    """
    if weights.shape != curve.tier.shape:
        raise ValueError(f"Expected weights of shape {curve.tier.shape} but got {weights.shape}")
    return np.bincount(curve.tier, weights=weights)
