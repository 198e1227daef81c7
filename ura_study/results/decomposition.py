"""What the keys of a full grid do alone and together: the classical analysis of variance of a balanced design.

Every combination of values is there with the same seeds, so the sums of squares of main effects, interactions and
seeds add up to the total exactly (R. A. Fisher; e.g. Montgomery, Design and Analysis of Experiments, ch. 5).

A seed is a block, for it shifts all cells alike (the same training images and draws): that part is no noise. What
remains of the seeds' differences is, and what it would feign for an effect stands beside the effect's share.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Share:
    """One effect's share of the total sum of squares."""

    axes: tuple[int, ...]
    """The key of a main effect, the keys of an interaction; none: whatever seeds do."""
    share: float
    """0..1, all together 1."""
    chance: float
    """The share to expect of an effect that is not there; NaN for seeds, and where there is but one seed."""


def decomposed(values: np.ndarray) -> list[Share]:
    """Return the shares of a grid's values (levels of each key, …, seeds): keys, their interactions, last the seeds.

    Nothing is returned where all values are equal. With a single seed the largest interaction contains the noise.
    """
    total = float(((values - values.mean()) ** 2).sum())
    if not total > 1e-20 * values.size:
        return []
    keys, seeds = values.ndim - 1, values.shape[-1]
    sets = [axes for count in range(1, keys + 1) for axes in itertools.combinations(range(keys), count)]
    sums = {axes: squares(values, axes) for axes in sets}
    common = squares(values, (keys,))
    noise = total - sum(sums.values()) - common
    freedom = (values[..., 0].size - 1) * (seeds - 1)
    per = max(noise, 0.0) / freedom / total if freedom else math.nan
    found = [Share(axes, sums[axes] / total, per * _freedom(values, axes)) for axes in sets]
    return [*found, Share((), max(0.0, 1 - sum(share.share for share in found)), math.nan)] if seeds > 1 else found


def squares(values: np.ndarray, axes: Collection[int]) -> float:
    """Return the sum of squares of the effect of some axes: centred along these, averaged along all others."""
    effect = values
    for axis in range(values.ndim):
        mean = effect.mean(axis, keepdims=True)
        effect = effect - mean if axis in axes else np.broadcast_to(mean, effect.shape)
    return float((effect**2).sum())


def _freedom(values: np.ndarray, axes: Collection[int]) -> int:
    return math.prod(values.shape[axis] - 1 for axis in axes)
