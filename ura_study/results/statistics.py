"""Paired differences: a t interval, an exact signed-rank test with its effect size, and Holm's correction.

Functions take numpy arrays and return numbers. `comparison` decides what a unit is (a category, a seed).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

#: Level of significance, and confidence level of intervals.
ALPHA, LEVEL = 0.05, 0.95
#: Fewest units with an interval.
LEAST_UNITS = 2


@dataclass(frozen=True)
class SignedRank:
    """Result of Wilcoxon's two-sided signed-rank test; null hypothesis: the differences are symmetric about zero."""

    p: float
    effect: float
    """Matched-pairs rank-biserial correlation (Kerby 2014), (W₊ - W₋) / (W₊ + W₋), -1..1; 0 if all are zero."""
    smallest_p: float
    """The value of p if all differences other than zero had the same sign."""
    differing: int
    """Number of differences other than zero."""


def interval(differences: np.ndarray) -> tuple[float, float]:
    """Return Student's t interval (low, high) of the mean of differences (units,); it may reach beyond 100 points.

    NaN for fewer than `LEAST_UNITS` differences, and if all are equal: nothing is then known of how they vary.

    Of 4,000 simulated studies of 2 to 20 units it covers the true mean in 94 to 95 % if differences are normal, in 96 %
    with heavy tails (t with 3 degrees of freedom) and in 87 to 92 % if they are as skewed as exponential ones. The
    percentile bootstrap covers in 74, 84 and 93 % (normal) and 71, 77 and 90 % (exponential) for 3, 5 and 20 units, and
    BCa in no more; the bootstrap-t interval gains up to 5 % under skew, but is unbounded for 3 units.
    """
    count = len(differences)
    if count < LEAST_UNITS or np.ptp(differences) == 0:
        return math.nan, math.nan
    half = special.stdtrit(count - 1, (1 + LEVEL) / 2) * differences.std(ddof=1) / math.sqrt(count)
    return float(differences.mean() - half), float(differences.mean() + half)


def signed_rank(differences: np.ndarray) -> SignedRank:
    """Return the exact test of differences (units,); zeros are dropped, as by Wilcoxon, and ties have mean ranks.

    The null distribution of W₊ over all combinations of signs is computed by a convolution for each rank. (scipy's
    exact distribution does not support ties, its permutations of 13 tied pairs take 0.7 s, and scores near 1 have many
    ties.)
    """
    changed = differences[differences != 0]
    if len(changed) == 0:
        return SignedRank(1.0, 0.0, 1.0, 0)
    sizes = np.abs(changed)
    places = np.sort(sizes)
    twice = places.searchsorted(sizes, "left") + places.searchsorted(sizes, "right") + 1  # mean ranks may be halves
    chances = np.ones(1)  # probabilities of W₊ = 0, 1/2, 1, …
    for rank in twice:
        nothing = np.zeros(rank)
        chances = (np.concatenate([chances, nothing]) + np.concatenate([nothing, chances])) / 2
    positive = int(twice[changed > 0].sum())
    tail = min(chances[: positive + 1].sum(), chances[positive:].sum())
    effect = (2 * positive - twice.sum()) / twice.sum()
    smallest = min(1.0, 2.0 ** (1 - len(changed)))
    return SignedRank(min(1.0, 2 * float(tail)), float(effect), smallest, len(changed))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return p-values (tests,) corrected by Holm's step-down procedure; NaN (no test) stays NaN and is not counted."""
    corrected = np.full(len(p_values), math.nan)
    order = np.argsort(p_values)[: np.count_nonzero(~np.isnan(p_values))]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1.0)
    return corrected
