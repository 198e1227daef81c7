"""The data model of all tables: rows of cells with raw numbers, and columns with a kind of quantity.

The appearance of a table (percent, digits, best value bold) is decided in `sheet` and in the formats.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ura_study.results.cell import Cell

#: share: a metric as a fraction, 0..1; points: a difference of two shares; p: a p-value; effect: a correlation, -1..1;
#: value: a number without a known unit; others: a quantity in this unit.
Kind = Literal["share", "points", "p", "effect", "seconds", "milliseconds", "bytes", "flops", "count", "value"]


@dataclass(frozen=True)
class Column:
    """The quantity in a column of cells."""

    key: str
    """Its name in CSV files; in parentheses if it could be mistaken for a category."""
    heading: str
    """Without the unit."""
    kind: Kind = "share"
    better: Literal[-1, 0, 1] = 0
    """1: the largest value is the best; -1: the smallest is; 0: neither."""
    interval: bool = False
    """Whether data files hold the intervals of its cells; those of points always do."""


@dataclass(frozen=True)
class Row:
    """A variant, or a method from the literature."""

    labels: tuple[str, ...]
    cells: tuple[Cell, ...]
    citation: str | None = None
    """Source of the numbers, as a citation key; None if they were measured here."""


@dataclass(frozen=True)
class Table:
    """One table of a paper."""

    name: str
    """One of `names.TABLES`, e.g. `per_category`."""
    title: str
    """Without the unit."""
    stubs: tuple[str, ...]
    """Headings of the labels of the rows."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    reported: tuple[Row, ...] = ()
    """Rows from the literature; they are neither ranked nor compared."""
    notes: tuple[str, ...] = ()
    """Sentences that a reader must know."""
    kind: Kind | None = None
    """Common kind of all columns: its unit is then in the title and not in each heading. None: each heading has one."""
    means: int = 0
    """Number of columns, at the end, that are means over those before."""
    best_of: Literal["column", "row"] = "column"
    """Where the best value is looked for; of a row, all columns are of one kind and direction."""
    about: Mapping[str, str] = field(default_factory=dict)
    """What distinguishes tables of one name, e.g. {"metric": "image_auroc"} or {"ablation": "strength"}."""

    def only(self, keys: Collection[str]) -> Table:
        """Return the table with only the columns of these keys, without reported rows."""
        kept = [i for i, column in enumerate(self.columns) if column.key in keys]
        return dataclasses.replace(
            self,
            columns=tuple(self.columns[i] for i in kept),
            rows=tuple(Row(row.labels, tuple(row.cells[i] for i in kept)) for row in self.rows),
            reported=(),
            means=sum(i >= len(self.columns) - self.means for i in kept),
        )
