"""A cell: one quantity of one variant, with its values and the state of its runs."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One quantity of one variant on one category, over categories, or as reported in the literature."""

    values: tuple[float, ...] = ()
    """One value per seed, in the unit of the column; shares are fractions."""
    failed: int = 0
    """Number of failed runs."""
    missing: int = 0
    """Number of runs without a record."""
    undefined: int = 0
    """Number of finished runs for which the quantity is undefined."""
    partial: bool = False
    """Whether the cell is complete although runs are left out, as in comparisons of pairs."""
    interval: tuple[float, float] | None = None
    """Ends of the interval of the mean, if there is one."""
    text: str = ""
    """Shown in place of a number in a cell that cannot have one."""
    significant: bool = False
    """Whether the mean differs significantly from that of the baseline."""
    contends: bool = True
    """Whether the cell may be the best of its column."""
    run_ids: tuple[str, ...] = ()
    """Ids of all runs of the cell, also of failed and missing ones."""

    @property
    def complete(self) -> bool:
        """Whether the cell has a number: all of its runs are finished and defined, or it is `partial`."""
        return bool(self.values) and (self.partial or not (self.failed or self.missing or self.undefined))

    @property
    def mean(self) -> float:
        """Mean over seeds; NaN for an incomplete cell: runs that are missing, failed or undefined are never skipped."""
        return statistics.fmean(self.values) if self.complete else math.nan

    @property
    def std(self) -> float:
        """Sample standard deviation over seeds; NaN for a single seed or an incomplete cell."""
        return statistics.stdev(self.values) if self.complete and len(self.values) > 1 else math.nan
