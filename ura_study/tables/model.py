"""The one model of a table: cells with all that is known of them, under columns that say what they hold; pure data.

What a table looks like (percent, digits, best bold) is decided in `sheet`, and by the renderers after it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ura_study.results.cell import Cell

#: share: a metric in 0..1; points: a difference of two; p: a p-value; effect: a correlation; value: of no unit that is
#: known; else a plain quantity.
Kind = Literal["share", "points", "p", "effect", "seconds", "milliseconds", "bytes", "count", "value"]


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
