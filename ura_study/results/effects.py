"""Effects of the parts of a factorial ablation: what each buys, and what it buys more where another is there, too.

The main effect of a part is the mean, over all combinations of the other parts, of the value with it minus the value
without it. The interaction of two parts is the effect of one where the other is on, minus its effect where the other is
off; so it is the same for both. (D. C. Montgomery, Design and Analysis of Experiments, ch. 6, halves interactions; here
they stay differences of differences, in points.)

Where combinations are left out because they cannot be, an effect is the mean over those combinations of the other parts
in which all values that it compares exist; in a complete design this is the classical effect.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Effect:
    """A main effect of one part, or the interaction of two."""

    axes: tuple[int, ...]
    """Index of the part, or indices of both."""
    values: np.ndarray
    """(units,): the effect in each unit; NaN where a value that it needs is missing."""
    contexts: int
    """Number of combinations of the other parts over which it is the mean."""
    possible: int
    """Number of all combinations of the other parts."""


def effects(values: np.ndarray, exists: np.ndarray) -> list[Effect]:
    """Return the effects that can be known: those of single parts, then those of pairs, in the order of the parts.

    Args:
        values: (2, …, 2, units): off and on for each part; NaN where a value is missing.
        exists: (2, …, 2) bool: false for a combination that is left out.
    """
    parts = range(exists.ndim)
    sets = [axes for size in (1, 2) for axes in itertools.combinations(parts, size)]
    found = [_effect(values, exists, axes) for axes in sets]
    return [effect for effect in found if effect.contexts]


def _effect(values: np.ndarray, exists: np.ndarray, axes: tuple[int, ...]) -> Effect:
    units, compared = values.shape[-1], 2 ** len(axes)
    values = np.moveaxis(values, axes, range(len(axes))).reshape(compared, -1, units)  # (compared, contexts, units)
    known = np.moveaxis(exists, axes, range(len(axes))).reshape(compared, -1).all(axis=0)  # (contexts,)
    signs = np.array([-1, 1] if len(axes) == 1 else [1, -1, -1, 1])  # off, on; or both off, one on, one on, both on
    each = np.einsum("v,vcu->cu", signs, values[:, known])
    mean = each.mean(axis=0) if known.any() else np.full(units, np.nan)
    return Effect(axes, mean, int(known.sum()), known.size)
