"""Calibration of probabilities: of all tokens said to be anomalous with probability p, is the share p anomalous?

Sources: the reliability diagram of DeGroot & Fienberg (The Statistician 32, 1983) for binary events; expected
calibration error (ECE) of Naeini, Cooper & Hauskrecht (AAAI 2015), as in Guo et al. (ICML 2017) but for the probability
of the event itself, not for the confidence in the likelier class, which hides on which side the errors are.

    ECE = sum over bins of w_b · |mean probability − share of anomalous tokens|

- `ece` weights a bin by its share of all tokens. About 98 % of them are clearly normal and dominate it.
- `ece_balanced` weights it by the mean of its shares of the anomalous and of the normal tokens. Each gap is still
  computed over all tokens of a bin, so a calibrated detector has 0 here too. (Weighting the *tokens* by class, or
  leaving out those far from a defect, would change the shares themselves and make a calibrated detector look wrong.)

Bins have equal width. With bins of equal mass, all but one would lie below p = 0.01. Fixed edges also allow the counts
of several runs to be added exactly, for one diagram of all of them.

Legend: K bins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

BINS = 15


@dataclass(frozen=True, eq=False)
class Reliability:
    """Data of a reliability diagram: counts in K bins of equal width from 0 to 1, which can be added over runs."""

    tokens: np.ndarray
    """(K,) int, the tokens whose probability lies in the bin."""
    expected: np.ndarray
    """(K,) float, the sum of their probabilities: the expected number of anomalous ones."""
    anomalous: np.ndarray
    """(K,) int, the number of anomalous tokens in the bin."""

    def lists(self) -> dict[str, list[float]]:
        """Return the counts as a record holds them; `Reliability.of` reads them."""
        return {
            "tokens": self.tokens.tolist(),
            "expected": self.expected.round(4).tolist(),
            "anomalous": self.anomalous.tolist(),
        }

    @classmethod
    def of(cls, lists: Mapping[str, Sequence[float]]) -> Reliability:
        return cls(*(np.array(lists[name]) for name in ("tokens", "expected", "anomalous")))

    @property
    def probability(self) -> np.ndarray:
        """(K,) mean probability of each bin, 0..1; NaN for an empty one."""
        return _ratio(self.expected, self.tokens)

    @property
    def share(self) -> np.ndarray:
        """(K,) share of anomalous tokens in each bin, 0..1; NaN for an empty one."""
        return _ratio(self.anomalous, self.tokens)


def reliability(probability: np.ndarray, truth: np.ndarray, bins: int = BINS) -> Reliability:
    """Count tokens by probability (0..1) and truth (bool), both of one shape; a bin begins with its lower edge.

    Raises ValueError where shapes differ, truth is not bool, or a probability is not in 0..1.
    """
    if truth.dtype != bool or truth.shape != probability.shape:
        raise ValueError(
            f"Expected truth of dtype bool and shape {probability.shape} but got {truth.dtype}, {truth.shape}"
        )
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError("Expected probabilities in 0..1")
    p = probability.ravel().astype(np.float64)
    index = np.minimum((p * bins).astype(np.int64), bins - 1)
    return Reliability(
        tokens=np.bincount(index, minlength=bins),
        expected=np.bincount(index, weights=p, minlength=bins),
        anomalous=np.bincount(index[truth.ravel()], minlength=bins),
    )


def pooled(parts: Sequence[Reliability]) -> Reliability:
    """Return the summed counts of several sets of tokens, at least one, all with the same number of bins."""
    return Reliability(*(sum(getattr(part, name) for part in parts) for name in ("tokens", "expected", "anomalous")))


def ece(counts: Reliability) -> float:
    """Return the expected calibration error, 0..1; NaN without tokens."""
    return _error(counts, counts.tokens) if counts.tokens.any() else float("nan")


def ece_balanced(counts: Reliability) -> float:
    """Return the calibration error to which both classes contribute alike, 0..1; NaN if a class is missing."""
    anomalous, normal = counts.anomalous, counts.tokens - counts.anomalous
    if not (anomalous.any() and normal.any()):
        return float("nan")
    return _error(counts, anomalous / anomalous.sum() + normal / normal.sum())


def _error(counts: Reliability, weights: np.ndarray) -> float:
    taken = counts.tokens > 0
    gaps = np.abs(counts.probability - counts.share)[taken]
    return float(np.average(gaps, weights=weights[taken]))


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    nan = np.full(len(denominator), np.nan)
    return np.divide(numerator, denominator, out=nan, where=denominator > 0)
