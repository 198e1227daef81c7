"""Where the values of a parameter stand on an axis: numbers at even or at logarithmic distances, names side by side.

Logarithms are taken here, and ticks are given as texts, so that axes stay linear: matplotlib would write the ticks of
its own logarithmic axes as formulas.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ura_study.study.names import readable

#: Width of a character of a tick, in points (1/72 in).
CHARACTER = 3.8
#: Largest over smallest value from which an axis may be logarithmic.
WIDE = 8
#: More different numbers than these have three ticks; ticks are at least this share of the axis apart.
FEW, APART = 6, 0.1


@dataclass(frozen=True)
class Positions:
    """An axis and the values on it."""

    kind: Literal["linear", "log", "names"]
    positions: tuple[float, ...]
    """Of each value, in the order given; NaN where there is none."""
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def limits(self) -> tuple[float, float]:
        """The axis' ends, with a margin."""
        low, high = min(self.ticks), max(self.ticks)
        margin = 0.06 * (high - low) if high > low else 0.5
        return low - margin, high + margin


def positions(values: Sequence[Any], ticks: int = FEW, apart: float = APART, log: bool | None = None) -> Positions:
    """Return where values stand; None is nowhere. At least one must be something.

    Args:
        values: numbers, or anything that is then named.
        ticks: how many different numbers may each have a tick.
        apart: least distance of ticks as a share of the axis.
        log: whether numbers, all above 0, stand on a logarithmic axis; None: where they lie more evenly on one.
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
    """Return where values stand side by side, whatever they are: numbers ascend. At least one must be something."""
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
    """Tell whether numbers lie more evenly on a logarithmic axis; few that lie close together do not ask for one."""
    different = np.unique(np.array(values, dtype=float))
    if len(different) < 3 or different[0] <= 0 or different[-1] / different[0] < WIDE:
        return False
    return _unevenness(np.log(different)) < _unevenness(different)


def crowded(there: Positions, texts: Sequence[str], width: float) -> bool:
    """Tell whether texts at the ticks would run into each other on an axis of a width in inches, side by side."""
    low, high = there.limits
    room = 72 * width / (high - low)  # points (1/72 in) per unit
    halves = [CHARACTER * len(text) / 2 for text in texts]
    return any(
        room * (right - left) < one + other + CHARACTER
        for (left, one), (right, other) in itertools.pairwise(zip(there.ticks, halves, strict=True))
    )


def _thinned(ticks: Sequence[float], apart: float) -> list[float]:
    """Return sorted ticks without those too near to the one before; both ends stay."""
    least, kept = apart * (ticks[-1] - ticks[0]), [ticks[0]]
    for tick in ticks[1:]:
        if tick - kept[-1] >= least and (ticks[-1] - tick >= least or tick == ticks[-1]):
            kept.append(tick)
    return kept


def _unevenness(sorted_values: np.ndarray) -> float:
    """Return the relative deviation of the distances (values - 1,) between neighbours."""
    steps = np.diff(sorted_values)
    return float(steps.std() / steps.mean())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _names(values: Sequence[object]) -> Positions:
    texts = [None if value is None else readable(value) for value in values]
    different = list(dict.fromkeys(text for text in texts if text is not None))
    positions = tuple(math.nan if text is None else float(different.index(text)) for text in texts)
    return Positions("names", positions, tuple(map(float, range(len(different)))), tuple(different))
