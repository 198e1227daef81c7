"""Removal of suspicious images from a training set, by the scores of the detector that is to be trained on it.

Training images may hold unnoticed anomalies. As in SRR (Yoon et al., Self-supervise, Refine, Repeat: Improving
Unsupervised Anomaly Detection, TMLR 2022), detectors are fitted on parts of the set, the images with the highest scores
are removed, and this is repeated with what is left.

Our own choices: an image is only judged by a detector that was not fitted on it or on an image of its group (a memory
bank would find each image in itself), so the set is divided into folds, each judged by a detector of the others. (SRR
fits on each fold alone, and removes what any of these detectors rejects.) Scores of several detectors have different
levels: each fold's are brought to a median of 0 and a median absolute deviation of 1, in a model of several categories
for each category. The share to remove is given, where SRR takes about twice the share that is thought to be anomalous.

Legend: N images.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Sequence
from typing import TypeVar

import numpy as np
import torch

from ura_study.training.config import RefineSettings

P = TypeVar("P")

#: Yields progress and returns the scores of images (second list) by a detector of other images (first list).
Judge = Callable[[list[int], list[int]], Generator[P, None, np.ndarray]]


class TooFew(ValueError):
    """There are fewer images, or groups of them, than folds."""


def refined(
    groups: Sequence[Hashable],
    labels: Sequence[int],
    settings: RefineSettings,
    draws: torch.Generator,
    judge: Judge[P],
) -> Generator[P, None, list[int]]:
    """Yield the progress of all detectors, and return the indices of the images to keep, in ascending order.

    Args:
        groups: the group of each image (patient, physical item), which is in one fold, (N,).
        labels: the category of each image, (N,).
        settings: how many are removed, and how.
        draws: of the folds.
        judge: fits detectors and scores images by them.

    Raises:
        TooFew: where there are fewer groups than folds.
    """
    kept = list(range(len(labels)))
    for stage in range(1, settings.stages + 1):
        scores = np.zeros(len(labels))
        for judged in folds([groups[i] for i in kept], settings.folds, draws):
            part = [kept[i] for i in judged]
            others = sorted(set(kept) - set(part))
            raw = yield from judge(others, part)
            scores[part] = levelled(raw, [labels[i] for i in part])
        removed = round(settings.share * len(labels) * stage / settings.stages)
        by_score = sorted(kept, key=lambda i: (scores[i], i))
        kept = sorted(by_score[: len(labels) - removed])
    return kept


def folds(groups: Sequence[Hashable], count: int, draws: torch.Generator) -> list[list[int]]:
    """Return the positions of the images of each fold; folds have as equal numbers of groups as can be.

    Raises:
        TooFew: where there are fewer groups than folds.
    """
    different = list(dict.fromkeys(groups))
    if len(different) < count:
        raise TooFew(f"{count} folds need as many training images that are independent, but there are {len(different)}")
    order = torch.randperm(len(different), generator=draws).tolist()
    fold_of = {different[group]: place % count for place, group in enumerate(order)}
    return [[i for i, group in enumerate(groups) if fold_of[group] == fold] for fold in range(count)]


def levelled(scores: np.ndarray, labels: Sequence[int]) -> np.ndarray:
    """Return scores (N,) minus their median, over their median absolute deviation, for each label by itself.

    Where more than half of them are equal, the mean absolute deviation takes its place.

    Example:
        >>> levelled(np.array([1.0, 2.0, 3.0, 9.0, 100.0]), [0, 0, 0, 0, 1]).tolist()
        [-1.5, -0.5, 0.5, 6.5, 0.0]
    """
    found = np.zeros(len(scores))
    for label in set(labels):
        own = np.array(labels) == label
        deviation = scores[own] - np.median(scores[own])
        size = np.abs(deviation)
        found[own] = deviation / (np.median(size) or size.mean() or 1.0)
    return found
