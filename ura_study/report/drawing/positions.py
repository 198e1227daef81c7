"""Positions of the values of a parameter on an axis: numbers on a linear or logarithmic scale, names side by side.

Logarithms are computed here and tick labels are texts, so that the axes of matplotlib stay linear: it would write the
ticks of its logarithmic axes as formulas.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ura_study.study.names import readable

#: Width of a character of a tick label, in points (1/72 in).
CHARACTER = 3.8
#: Least ratio of the largest to the smallest value for a logarithmic axis.
WIDE = 8
#: Up to how many distinct numbers each has a tick (more have three ticks), and the least distance of ticks as a share
#: of the axis.
FEW, APART = 6, 0.1


@dataclass(frozen=True)
class Positions:
    """An axis and the values on it."""

    kind: Literal["linear", "log", "names"]
    positions: tuple[float, ...]
    """Position of each value, in the order given; log10 of the value for `log`; NaN for None."""
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def limits(self) -> tuple[float, float]:
        """Both ends of the axis, with a margin."""
        low, high = min(self.ticks), max(self.ticks)
        margin = 0.06 * (high - low) if high > low else 0.5
        return low - margin, high + margin


def positions(values: Sequence[Any], ticks: int = FEW, apart: float = APART, log: bool | None = None) -> Positions:
    """Return the positions of values; None has the position NaN. At least one value must not be None.

    Args:
        values: finite numbers; if any is not, all values are placed side by side as names.
        ticks: up to how many distinct numbers each has a tick; more have three ticks: both ends and the middle.
        apart: least distance of ticks as a share of the axis.
        log: whether numbers are on a logarithmic axis, for which all must be above 0; None: see `log_spaced`.
    """
    known = [value for value in values if value is not None]
    if not all(map(_is_number, known)):
        return _names(values)
    log = log_spaced(known) if log is None else log
    positions = tuple(math.nan if v is None else math.log10(v) if log else float(v) for v in values)
    there = sorted({p for p in positions if not math.isnan(p)})
    if len(there) > ticks:
        there = [there[0], (there[0] + there[-1]) / 2, there[-1]]
    there = _thinned(there, apart)
    labels = tuple(f"{10**p if log else p:.3g}" for p in there)
    return Positions("log" if log else "linear", positions, tuple(there), labels)


def levels(values: Sequence[Any]) -> Positions:
    """Return positions side by side for any values, numbers in ascending order; at least one must not be None."""
    known = [value for value in values if value is not None]
    if not all(map(_is_number, known)):
        return _names(values)
    different = sorted(set(known))
    texts = [f"{value:.3g}" for value in different]
    if len(set(texts)) < len(different):
        texts = [f"{value:g}" for value in different]
    positions = tuple(math.nan if value is None else float(different.index(value)) for value in values)
    return Positions("names", positions, tuple(map(float, range(len(different)))), tuple(texts))


def log_spaced(values: Sequence[float]) -> bool:
    """Tell whether numbers are spaced more evenly on a logarithmic axis.

    False for fewer than three distinct numbers, if one is not above 0, and if the largest is less than `WIDE` times the
    smallest.
    """
    different = np.unique(np.array(values, dtype=float))
    if len(different) < 3 or different[0] <= 0 or different[-1] / different[0] < WIDE:
        return False
    return _unevenness(np.log(different)) < _unevenness(different)


def crowded(there: Positions, texts: Sequence[str], width: float) -> bool:
    """Tell whether horizontal texts at the ticks would overlap on an axis that is `width` inches wide."""
    low, high = there.limits
    room = 72 * width / (high - low)  # points (1/72 in) per unit
    halves = [CHARACTER * len(text) / 2 for text in texts]
    return any(
        room * (right - left) < one + other + CHARACTER
        for (left, one), (right, other) in itertools.pairwise(zip(there.ticks, halves, strict=True))
    )


def _thinned(ticks: Sequence[float], apart: float) -> list[float]:
    """Return sorted ticks without those too close to a neighbour; both ends are kept."""
    least, kept = apart * (ticks[-1] - ticks[0]), [ticks[0]]
    for tick in ticks[1:]:
        if tick - kept[-1] >= least and (ticks[-1] - tick >= least or tick == ticks[-1]):
            kept.append(tick)
    return kept


def _unevenness(sorted_values: np.ndarray) -> float:
    """Return standard deviation / mean of the distances between neighbours."""
    steps = np.diff(sorted_values)
    return float(steps.std() / steps.mean())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _names(values: Sequence[object]) -> Positions:
    texts = [None if value is None else readable(value) for value in values]
    different = list(dict.fromkeys(text for text in texts if text is not None))
    positions = tuple(math.nan if text is None else float(different.index(text)) for text in texts)
    return Positions("names", positions, tuple(map(float, range(len(different)))), tuple(different))
