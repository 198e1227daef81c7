"""Effects of the keys of a full grid, alone and combined: the classical analysis of variance of a balanced design.

Every combination of values has the same seeds, so the sums of squares of main effects, interactions and seeds add up
exactly to the total (R. A. Fisher; e.g. Montgomery, Design and Analysis of Experiments, ch. 5).

A seed is a block: its effect common to all cells (the same training images and draws) is not noise. The rest of the
differences between seeds is noise. From it follows the share that an effect would have by chance alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Share:
    """The share of one effect in the total sum of squares."""

    axes: tuple[int, ...]
    """Index of the key of a main effect, or indices of the keys of an interaction; empty: effect of seeds and noise."""
    share: float
    """0..1; the shares of all effects add up to 1."""
    chance: float
    """Share expected by chance if there is no effect, 0..1; NaN for the effect of seeds, and with one seed."""


def decomposed(values: np.ndarray) -> list[Share]:
    """Return the shares of the values of a grid, an array (levels of the first key, …, levels of the last key, seeds).

    The order is: single keys, interactions by number of keys, then seeds and noise together. With a single seed this
    last share is absent and the interaction of all keys contains the noise. The list is empty if all values are equal.
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
    """Return the sum of squares of the effect of `axes`: values centred along these and averaged along all others."""
    effect = values
    for axis in range(values.ndim):
        mean = effect.mean(axis, keepdims=True)
        effect = effect - mean if axis in axes else np.broadcast_to(mean, effect.shape)
    return float((effect**2).sum())


def _freedom(values: np.ndarray, axes: Collection[int]) -> int:
    return math.prod(values.shape[axis] - 1 for axis in axes)
