"""Exact ranking metrics: AUROC, average precision and the largest F1, all from one sorted curve.

An item is called anomalous at threshold t when its score is >= t. TP(t) and FP(t) count the anomalous and the
normal items so called; P and Q count all anomalous and all normal items:

    TPR = TP / P      FPR = FP / Q      precision = TP / (TP + FP)      F1 = 2 TP / (P + TP + FP)

    auroc   area under (FPR, TPR) by the trapezoid rule over all distinct scores; equal to the probability that an
            anomalous item outranks a normal one, ties counting one half (Hanley & McNeil 1982)
    ap      sum over thresholds of (increase of TPR) * precision, not interpolated (scikit-learn's
            `average_precision_score`)
    f1_max  largest F1 over all distinct scores

Only the scores of anomalous items are kept as thresholds, and the results are still exact: at any other score TP does
not change, so AP gains nothing, F1 can only fall, and the ROC curve is straight between kept thresholds. So the normal
items, nearly all of the pixels, need only a plain sort without an index.

Legend: P anomalous items, Q normal items, T distinct scores among the anomalous items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ura_study.metrics.checks import check_fpr_limit


@dataclass(frozen=True, eq=False)
class Curve:
    """Counts at each of the T distinct scores of anomalous items, from the highest score to the lowest."""

    thresholds: np.ndarray
    """(T,) the scores, falling."""
    hits: np.ndarray
    """(T,) anomalous items with exactly this score, 1..P; they sum to P."""
    tier: np.ndarray
    """(P,) index in `thresholds` of each anomalous item's score, 0..T-1; items in the order of `scores[labels]`."""
    fp_above: np.ndarray
    """(T,) normal items that score more than the threshold, 0..Q."""
    fp: np.ndarray
    """(T,) normal items that score at least the threshold, `fp_above`..Q."""
    normals: int
    """Q, at least 1."""

    @property
    def anomalies(self) -> int:
        """P, at least 1."""
        return self.tier.size

    @property
    def tp(self) -> np.ndarray:
        """(T,) anomalous items that score at least the threshold, 1..P."""
        return np.cumsum(self.hits)


def rank(labels: np.ndarray, scores: np.ndarray) -> Curve:
    """Sort the scores once and count.

    `labels` (bool, True is anomalous) and `scores` (finite) have the same, arbitrary shape.
    Raises ValueError unless there is at least one anomalous and one normal item.
    """
    _check_items(labels, scores)
    normal = scores[~labels]
    normal.sort()
    return rank_sorted(scores[labels], [normal])


def rank_sorted(anomalous: np.ndarray, normal: Sequence[np.ndarray]) -> Curve:
    """Count as `rank` does, where normal items are sorted already.

    `anomalous` (P,) are the scores of anomalous items, at least one. `normal` are those of normal items in one or more
    parts, ascending in each; at least one item in all.
    """
    rising, tier = np.unique(anomalous, return_inverse=True)
    thresholds, tier = rising[::-1], rising.size - 1 - tier
    return Curve(
        thresholds=thresholds,
        hits=np.bincount(tier),
        tier=tier,
        fp_above=_at_least(normal, rising, "right")[::-1],
        fp=_at_least(normal, rising, "left")[::-1],
        normals=sum(part.size for part in normal),
    )


def _at_least(parts: Sequence[np.ndarray], values: np.ndarray, side: Literal["left", "right"]) -> np.ndarray:
    """Return how many items of sorted parts are at least as large as each value (`left`), or larger (`right`)."""
    below = np.zeros(values.shape, np.int64)
    for part in parts:
        below += np.searchsorted(part, values, side=side)
    return sum(part.size for part in parts) - below


def _check_items(labels: np.ndarray, scores: np.ndarray) -> None:
    if labels.dtype != bool:
        raise ValueError(f"Expected labels of dtype bool but got {labels.dtype}")
    if labels.shape != scores.shape:
        raise ValueError(f"Expected labels and scores of one shape but got {labels.shape} and {scores.shape}")
    anomalies = np.count_nonzero(labels)
    if not 0 < anomalies < labels.size:
        raise ValueError(
            f"Expected anomalous and normal items but got {anomalies} anomalous and {labels.size - anomalies} normal"
        )


def area_under(curve: Curve, gains: np.ndarray, fpr_limit: float = 1.0) -> float:
    """Return the area under (FPR, cumulated gains) for FPR from 0 to `fpr_limit`, divided by `fpr_limit`; 0..1.

    `gains` (T,) says by how much the curve rises at each threshold and sums to 1. A rise is a straight line from
    FPR a (scores above the threshold) to b (scores at least the threshold), upright where no normal item ties, cut at
    the limit. The result is 1 minus the sum of what each rise *loses* by coming late: exactly 1 for a perfect ranking.
    Raises ValueError unless 0 < fpr_limit <= 1.
    """
    check_fpr_limit(fpr_limit)
    a, b = curve.fp_above / curve.normals, curve.fp / curve.normals
    end = np.minimum(b, fpr_limit)
    run = end - np.minimum(a, fpr_limit)
    triangle = np.zeros_like(a)  # area under a sloping rise, up to its end or the limit
    np.divide(run**2, 2 * (b - a), out=triangle, where=b > a)
    return max(0.0, 1.0 - float(gains @ (end - triangle)) / fpr_limit)


def auroc(curve: Curve) -> float:
    """Return the area under the ROC curve, 0..1; 0.5 where all scores are equal."""
    return area_under(curve, curve.hits / curve.anomalies)


def ap(curve: Curve) -> float:
    """Return the average precision, 0..1; P / (P + Q) where all scores are equal."""
    tp = curve.tp
    return float(curve.hits @ (tp / (tp + curve.fp))) / curve.anomalies


def f1_max(curve: Curve) -> tuple[float, float]:
    """Return the largest F1, in 0..1, and the highest threshold that reaches it."""
    tp = curve.tp
    f1 = 2 * tp / (curve.anomalies + tp + curve.fp)
    best = int(np.argmax(f1))
    return float(f1[best]), float(curve.thresholds[best])
