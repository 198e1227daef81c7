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

Items are sorted and counted where they are, which may be a GPU. What comes back are whole numbers. Sums over thresholds
are taken of these on the CPU in float64, a block of thresholds at a time, so they are the same from any device and need
no memory to speak of.

Legend: P anomalous items, Q normal items, T distinct scores among the anomalous items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ura_study.features.transfer import sent
from ura_study.metrics.checks import check_fpr_limit

#: Thresholds of a block.
BLOCK = 1 << 18
#: Items that a GPU sorts at once: PyTorch takes nine times their memory (36 bytes each) for it.
PART = 1 << 22


@dataclass(frozen=True, eq=False)
class Tiers:
    """Anomalous items from the highest score to the lowest."""

    thresholds: np.ndarray
    """(T,) their distinct scores, falling."""
    tp: np.ndarray
    """(T,) anomalous items that score at least the threshold, 1..P."""
    order: np.ndarray
    """(P,) the place of each item among the scores as they came; equal ones stay in order."""


@dataclass(frozen=True, eq=False)
class Block:
    """At most `BLOCK` thresholds of a curve, in a row, with 64-bit counts; t of them, p anomalous items."""

    thresholds: np.ndarray
    """(t,) the scores, falling."""
    hits: np.ndarray
    """(t,) anomalous items with exactly this score, at least one; they sum to p."""
    items: np.ndarray
    """(p,) the places of these items, as in `Tiers.order`."""
    tp: np.ndarray
    fp_above: np.ndarray
    fp: np.ndarray
    """(t,) each, as in `Curve`."""


#: By how much something rises at each threshold of a block, (t,).
Gains = Callable[[Block], np.ndarray]


@dataclass(frozen=True, eq=False)
class Curve(Tiers):
    """Counts at each of the T distinct scores of anomalous items, from the highest score to the lowest."""

    fp_above: np.ndarray
    """(T,) normal items that score more than the threshold, 0..Q."""
    fp: np.ndarray
    """(T,) normal items that score at least the threshold, `fp_above`..Q."""
    normals: int
    """Q, at least 1."""

    @property
    def anomalies(self) -> int:
        """P, at least 1."""
        return self.order.size

    def blocks(self) -> Iterator[Block]:
        """Yield all thresholds, from the highest to the lowest."""
        before = 0
        for start in range(0, self.tp.size, BLOCK):
            part = slice(start, start + BLOCK)
            tp, fp_above, fp = (counts[part].astype(np.int64) for counts in (self.tp, self.fp_above, self.fp))
            hits, items = np.diff(tp, prepend=before), self.order[before : tp[-1]]
            yield Block(self.thresholds[part], hits, items, tp, fp_above, fp)
            before = int(tp[-1])


def rank(labels: np.ndarray, scores: np.ndarray) -> Curve:
    """Sort the scores once and count.

    `labels` (bool, True is anomalous) and `scores` (finite) have the same, arbitrary shape.
    Raises ValueError unless there is at least one anomalous and one normal item.
    """
    _check_items(labels, scores)
    return counted(tiers(torch.from_numpy(scores[labels])), ascending(torch.from_numpy(scores[~labels])))


def tiers(anomalous: Tensor) -> Tiers:
    """Sort the scores (P,) of anomalous items, at least one."""
    falling, order = anomalous.sort(descending=True, stable=True)
    order = order.to(_counting(anomalous.numel()))
    scores, places = falling.cpu().numpy(), order.cpu().numpy()
    last = np.append(scores[1:] != scores[:-1], True)  # of those that are equal
    tp = np.flatnonzero(last).astype(places.dtype) + 1
    return Tiers(scores[last], tp, places)


def ascending(normal: Tensor) -> list[Tensor]:
    """Sort the scores (Q,) of normal items in place; return them in one or more parts, ascending in each."""
    if normal.device.type == "cpu":  # NumPy sorts in place, and several times as fast as PyTorch, which makes an index
        normal.numpy().sort()
        return [normal]
    parts = list(normal.split(PART))
    for part in parts:
        part.copy_(part.sort().values)
    return parts


def counted(anomalous: Tiers, normal: Sequence[Tensor]) -> Curve:
    """Count normal items, at least one, at the scores of anomalous ones; `normal` are their parts as `ascending` gives.

    The items are those of one or several calls of it, all on one device.
    """
    normals = sum(part.numel() for part in normal)
    asked = sent(torch.from_numpy(anomalous.thresholds), normal[0].device)
    fp_above, fp = (_at_least(normal, asked, normals, above=above) for above in (True, False))
    return Curve(**vars(anomalous), fp_above=fp_above, fp=fp, normals=normals)


def _at_least(parts: Sequence[Tensor], values: Tensor, total: int, *, above: bool) -> np.ndarray:
    """Return how many of the `total` items of sorted parts are at least as large as each value, or larger (`above`)."""
    counts = torch.full_like(values, total, dtype=_counting(total))
    for part in parts:
        counts -= torch.searchsorted(part, values, right=above, out_int32=counts.dtype is torch.int32)
    return counts.cpu().numpy()


def _counting(total: int) -> torch.dtype:
    """Return the smaller type that counts so many items."""
    return torch.int32 if total < 1 << 31 else torch.int64


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


def area_under(curve: Curve, gains: Gains, fpr_limit: float = 1.0) -> float:
    """Return the area under (FPR, cumulated gains) for FPR from 0 to `fpr_limit`, divided by `fpr_limit`; 0..1.

    `gains` says by how much the curve rises at each threshold and sums to 1. A rise is a straight line from
    FPR a (scores above the threshold) to b (scores at least the threshold), upright where no normal item ties, cut at
    the limit. The result is 1 minus the sum of what each rise *loses* by coming late: exactly 1 for a perfect ranking.
    Raises ValueError unless 0 < fpr_limit <= 1.
    """
    check_fpr_limit(fpr_limit)
    lost = 0.0
    for block in curve.blocks():
        a, b = block.fp_above / curve.normals, block.fp / curve.normals
        end = np.minimum(b, fpr_limit)
        run = end - np.minimum(a, fpr_limit)
        triangle = np.zeros_like(a)  # area under a sloping rise, up to its end or the limit
        np.divide(run**2, 2 * (b - a), out=triangle, where=b > a)
        lost += float(gains(block) @ (end - triangle))
    return max(0.0, 1.0 - lost / fpr_limit)


def recall_gains(curve: Curve) -> Gains:
    """Return the gains of the true positive rate."""
    return lambda block: block.hits / curve.anomalies


def auroc(curve: Curve) -> float:
    """Return the area under the ROC curve, 0..1; 0.5 where all scores are equal."""
    return area_under(curve, recall_gains(curve))


def ap(curve: Curve) -> float:
    """Return the average precision, 0..1; P / (P + Q) where all scores are equal."""
    parts = (float(block.hits @ (block.tp / (block.tp + block.fp))) for block in curve.blocks())
    return sum(parts) / curve.anomalies


def f1_max(curve: Curve) -> tuple[float, float]:
    """Return the largest F1, in 0..1, and the highest threshold that reaches it."""
    return max((_best_of(block, curve.anomalies) for block in curve.blocks()), key=lambda best: best[0])


def _best_of(block: Block, anomalies: int) -> tuple[float, float]:
    f1 = 2 * block.tp / (anomalies + block.tp + block.fp)
    best = int(np.argmax(f1))
    return float(f1[best]), float(block.thresholds[best])
