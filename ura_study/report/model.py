"""The one model of a table: cells with all that is known of them, under columns that say what they hold; pure data.

What a table looks like (percent, digits, best bold) is decided in `sheet`, and by the renderers after it.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

#: share: a metric in 0..1; points: a difference of two; p: a p-value; effect: a correlation; value: of no unit that is
#: known; else a plain quantity.
Kind = Literal["share", "points", "p", "effect", "seconds", "milliseconds", "bytes", "count", "value"]


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


@dataclass(frozen=True)
class Column:
    """What the cells below each other hold."""

    key: str
    """Its name in CSV files; in brackets what could else be taken for a category."""
    heading: str
    """Without the unit."""
    kind: Kind = "share"
    better: Literal[-1, 0, 1] = 0
    """1 where the largest value is the best, -1 where the smallest is, 0 where none is."""


@dataclass(frozen=True)
class Row:
    """A variant, or a method from the literature."""

    labels: tuple[str, ...]
    cells: tuple[Cell, ...]
    citation: str | None = None
    """Where the numbers are from, as a citation key."""


@dataclass(frozen=True)
class Table:
    """One table of a paper."""

    name: str
    """Its kind, e.g. `per_category`."""
    title: str
    """Without the unit."""
    stubs: tuple[str, ...]
    """Headings of the rows' labels."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    reported: tuple[Row, ...] = ()
    """Rows from the literature: not measured, so neither ranked nor compared."""
    notes: tuple[str, ...] = ()
    """Sentences that a reader must know."""
    kind: Kind | None = None
    """Where all columns hold the same: its unit then stands in the title instead of each heading."""
    means: int = 0
    """How many of the last columns are means over those before."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What tells it from others of its name, e.g. {"metric": "image_auroc"} or {"ablation": "strength"}."""

    def only(self, keys: Collection[str]) -> Table:
        """Return the table with these of its columns, without what is reported."""
        kept = [i for i, column in enumerate(self.columns) if column.key in keys]
        return dataclasses.replace(
            self,
            columns=tuple(self.columns[i] for i in kept),
            rows=tuple(Row(row.labels, tuple(row.cells[i] for i in kept)) for row in self.rows),
            reported=(),
            means=sum(i >= len(self.columns) - self.means for i in kept),
        )
