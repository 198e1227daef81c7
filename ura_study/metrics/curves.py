"""Curves behind the ranking metrics, sampled at fixed positions so that curves of several runs can be averaged.

    roc   TPR at equally spaced FPR from 0 to 1; the upper end of a vertical rise
    pr    precision at the highest threshold that reaches a recall, at equally spaced recalls from 0 to 1
          (Davis & Goadrich 2006: not interpolated; its mean is AP up to the spacing)
    pro   mean overlap of regions at equally spaced FPR from 0 to the limit of AUPRO

Averaging at fixed positions is "vertical averaging" (Fawcett, Pattern Recognition Letters 27, 2006).

Legend: K positions, P anomalous items, T distinct scores among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ura_study.metrics.ranking import Curve, Gains

#: K.
POINTS = 101
#: Names of the curves of one run.
IMAGE_CURVES = ("image_roc", "image_pr")
PIXEL_CURVES = ("pixel_roc", "pixel_pr", "pixel_pro")


def roc(curve: Curve, gains: Gains) -> np.ndarray:
    """Return the true positive rate (K,) at FPR 0..1; `gains` are `ranking.recall_gains`."""
    return _risen(curve, gains, 1.0)


def pro(curve: Curve, gains: Gains, fpr_limit: float) -> np.ndarray:
    """Return the mean overlap of regions (K,) at FPR 0..`fpr_limit`; `gains` are `regions.rises`."""
    return _risen(curve, gains, fpr_limit)


def precision_recall(curve: Curve) -> np.ndarray:
    """Return the precision (K,) at recall 0..1; at recall 0, the precision of the highest threshold."""
    wanted = np.ceil(np.linspace(0, curve.anomalies, POINTS) - 1e-9)  # recalls are whole numbers of items
    first = np.searchsorted(curve.tp, wanted.astype(curve.tp.dtype))
    tp = curve.tp[first].astype(np.int64)
    return tp / (tp + curve.fp[first])


def _risen(curve: Curve, gains: Gains, limit: float) -> np.ndarray:
    """Return the cumulated gains, 0..1, at FPR 0..`limit`; a rise over tied normal items is a straight line."""
    wanted, found = np.linspace(0, limit, POINTS), np.zeros(POINTS)
    for rates, heights in _pieces(curve, gains):
        later = wanted >= rates[0]
        found[later] = np.interp(wanted[later], rates, heights)
    return np.minimum(found, 1.0)


def _pieces(curve: Curve, gains: Gains) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the corners (FPR, cumulated gains) from (0, 0) to (1, 1); each piece begins where the one before ends."""
    rate = height = 0.0
    for block in curve.blocks():
        heights = np.cumsum(np.concatenate([[height], gains(block)]))
        rates = np.stack([block.fp_above, block.fp], axis=1).ravel() / curve.normals  # (2t,) begin and end of each rise
        values = np.stack([heights[:-1], heights[1:]], axis=1).ravel()
        yield np.concatenate([[rate], rates]), np.concatenate([[height], values])
        rate, height = float(rates[-1]), float(values[-1])
    yield np.array([rate, 1.0]), np.array([height, 1.0])
