"""How well validation ranks variants as the test images do: Spearman's rank correlation with an interval.

Variants are few, and the usual intervals fail there: over 5 variants whose true correlation is 0.8 (0.95), bootstrap
intervals hold it in 80 (65) % of all cases. So the interval is found by inversion: it holds every strength of
association under which a rank correlation at least as large, and one at least as small, as the one observed has a
probability of more than 2.5 %. Association is that of a Gaussian copula, whatever the scales of the two sides are:
only ranks count. Its correlation r is told as the Spearman correlation of the population, 6/π · arcsin(r/2) (Pearson
1907). The distribution of the sample's correlation is simulated, from a fixed seed. `tests/results/test_agreement.py`
holds the coverage.

The variants of a study are no random sample of all variants: the interval says how much so few of them can tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ura_study.metrics.names import VALIDATION
from ura_study.results.aggregate import aggregate, metric
from ura_study.results.results import Results

#: Fewest variants with a rank correlation.
FEWEST = 4
#: Simulated samples, and the seed of their draws.
DRAWS, SEED = 4000, 20240522
#: Share of samples beyond each end of the interval.
TAIL = 0.025
#: Largest association that is tried, as Fisher's z, and halvings of this range until an end of the interval is found.
LARGEST, HALVINGS = 6.0, 10


@dataclass(frozen=True)
class Agreement:
    """How well the ranks of variants by a metric on validation agree with those by the same metric on test."""

    metric: str
    variants: int
    spearman: float
    """Spearman's rank correlation, -1..1; NaN for fewer than `FEWEST` variants, or if one side is constant."""
    interval: tuple[float, float]
    """95 % interval."""


def agreements(results: Results) -> tuple[Agreement, ...]:
    """Return the agreement in each metric of the study's report, over the variants that have both numbers.

    Variants with the same runs count once; those that are told the true masks, or that are tested on other images than
    the baseline, not at all. Empty for a study that holds no images out.
    """
    if not results.study.data.validation:
        return ()
    ranked = [v for v in results.plan.variants if not v.settings.model.oracle and v.name not in results.elsewhere]
    variants = {results.plan.ids[v.name]: v.name for v in ranked}
    found = []
    for name in dict.fromkeys(one.removeprefix(VALIDATION) for one in results.metrics):
        sides = [aggregate(results.plan, results.records, metric(one)) for one in (f"{VALIDATION}{name}", name)]
        means = np.array([[side.mean(variant).mean for variant in variants.values()] for side in sides])
        known = means[:, ~np.isnan(means).any(axis=0)]  # (2, variants)
        found.append(Agreement(name, known.shape[1], *rank_correlation(*known)))
    return tuple(found)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Return Spearman's rank correlation of paired values (N,), and the ends of its 95 % interval, all in -1..1.

    NaN for fewer than `FEWEST` pairs, or if one side is constant.
    """
    if len(first) < FEWEST or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan, (math.nan, math.nan)
    from scipy.stats import spearmanr  # takes half a second, and most studies hold nothing out

    seen = round(float(spearmanr(first, second).statistic), 9)  # equal ranks give 1, not nearly 1
    return seen, _interval(seen, len(first))


@lru_cache(maxsize=1024)
def _interval(seen: float, count: int) -> tuple[float, float]:
    """Return the ends of the interval of a rank correlation `seen` in `count` pairs."""
    low = _end(lambda r: float((_simulated(r, count) >= seen - 1e-9).mean()) > TAIL)
    high = -_end(lambda r: float((_simulated(-r, count) <= seen + 1e-9).mean()) > TAIL)
    return low, high


def _end(plausible: Callable[[float], bool]) -> float:
    """Return the least association, as Spearman's correlation, that is plausible; all greater ones are."""
    low, high = -LARGEST, LARGEST
    if plausible(-1.0):
        return -1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if plausible(math.tanh(middle)) else (middle, high)
    return 6 / math.pi * math.asin(math.tanh((low + high) / 2) / 2)


def _simulated(r: float, count: int) -> np.ndarray:
    """Return the rank correlations (DRAWS,) of samples of `count` pairs from a Gaussian copula of correlation `r`."""
    first, noise = _drawn(count)
    second = r * first + math.sqrt(max(0.0, 1 - r * r)) * noise
    moved = second.argsort(axis=1) - np.arange(count)
    return 1 - 6 * (moved**2).sum(axis=1) / (count * (count**2 - 1))


@lru_cache(maxsize=2)
def _drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return normal draws (DRAWS, count), in ascending order within each sample, and as many others in any order."""
    draws = np.random.default_rng([SEED, count])
    return np.sort(draws.normal(size=(DRAWS, count)), axis=1), draws.normal(size=(DRAWS, count))
