"""One quantity of one variant, with all that is known of it."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One quantity of one variant: over seeds on one category, over all categories, or as it was reported."""

    values: tuple[float, ...] = ()
    """One per seed, in the unit of the column; shares as fractions."""
    failed: int = 0
    missing: int = 0
    """Runs without a record yet."""
    undefined: int = 0
    """Runs for which the quantity is undefined."""
    partial: bool = False
    """Whether the number stands although runs are left out, as in comparisons of pairs."""
    interval: tuple[float, float] | None = None
    text: str = ""
    """What is shown where there is no number to expect."""
    significant: bool = False
    """Whether it differs from the baseline's by more than chance explains."""
    contends: bool = True
    """Whether it may be the best of its column."""
    run_ids: tuple[str, ...] = ()
    """The runs behind it, whatever came of them."""

    @property
    def complete(self) -> bool:
        return bool(self.values) and (self.partial or not (self.failed or self.missing or self.undefined))

    @property
    def mean(self) -> float:
        """Mean over seeds; NaN where a run is missing, failed or undefined: those are never averaged away."""
        return statistics.fmean(self.values) if self.complete else math.nan

    @property
    def std(self) -> float:
        """Sample standard deviation over seeds; NaN for a single seed or an incomplete cell."""
        return statistics.stdev(self.values) if self.complete and len(self.values) > 1 else math.nan
