"""Curves behind the ranking metrics, sampled at fixed positions so that curves of several runs can be averaged.

    roc   TPR at equally spaced FPR from 0 to 1; the upper end of a vertical rise
    pr    precision at the highest threshold that reaches a recall, at equally spaced recalls from 0 to 1
          (Davis & Goadrich 2006: not interpolated; its mean is AP up to the spacing)
    pro   mean overlap of regions at equally spaced FPR from 0 to the limit of AUPRO

Averaging at fixed positions is "vertical averaging" (Fawcett, Pattern Recognition Letters 27, 2006).

Legend: K positions, P anomalous items, T distinct scores among them.
"""

from __future__ import annotations

import numpy as np

from ura_study.metrics.ranking import Curve

#: K.
POINTS = 101
#: Names of the curves of one run.
IMAGE_CURVES = ("image_roc", "image_pr")
PIXEL_CURVES = ("pixel_roc", "pixel_pr", "pixel_pro")


def roc(curve: Curve) -> np.ndarray:
    """Return the true positive rate (K,) at FPR 0..1."""
    return _risen(curve, curve.hits / curve.anomalies, 1.0)


def pro(curve: Curve, rises: np.ndarray, fpr_limit: float) -> np.ndarray:
    """Return the mean overlap of regions (K,) at FPR 0..`fpr_limit`; `rises` (T,) are those of `regions.rises`."""
    return _risen(curve, rises, fpr_limit)


def precision_recall(curve: Curve) -> np.ndarray:
    """Return the precision (K,) at recall 0..1; at recall 0, the precision of the highest threshold."""
    tp = curve.tp
    wanted = np.linspace(0, curve.anomalies, POINTS)
    first = np.searchsorted(tp, np.ceil(wanted - 1e-9))  # recalls are whole numbers of items
    return tp[first] / (tp[first] + curve.fp[first])


def _risen(curve: Curve, gains: np.ndarray, limit: float) -> np.ndarray:
    """Return the cumulated gains, 0..1, at FPR 0..`limit`; a rise over tied normal items is a straight line."""
    heights = np.concatenate([[0.0], np.cumsum(gains)])
    rates = np.stack([curve.fp_above, curve.fp], axis=1).ravel() / curve.normals  # (2T,) begin and end of each rise
    values = np.stack([heights[:-1], heights[1:]], axis=1).ravel()
    ends = np.concatenate([[0.0], rates, [1.0]]), np.concatenate([[0.0], values, [1.0]])
    return np.minimum(np.interp(np.linspace(0, limit, POINTS), *ends), 1.0)
