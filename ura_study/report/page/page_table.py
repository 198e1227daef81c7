"""A table on the page: the same texts as in the other formats, and the numbers by which its rows are sorted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ura_study.tables.model import Row, Table
from ura_study.tables.sheet import Sheet, SheetRow, Shown, cited


@dataclass(frozen=True)
class Heading:
    """A column's heading."""

    text: str
    descending: bool = False
    """Whether the first click sorts from large to small; true if larger is better."""


@dataclass(frozen=True)
class Field:
    """One cell, or the label of a row."""

    text: str
    tail: str = ""
    value: str | None = None
    """The number to sort by, "" if unknown; None: sorted by the text."""
    look: str = ""
    """`best`, `second`, `failed`, `absent`, or "" for any other."""
    significant: bool = False


@dataclass(frozen=True)
class GridLine:
    """One row."""

    labels: tuple[Field, ...]
    cells: tuple[Field, ...]


@dataclass(frozen=True)
class PageTable:
    """A table of the page."""

    caption: str
    stubs: tuple[str, ...]
    headings: tuple[Heading, ...]
    bodies: tuple[tuple[GridLine, ...], ...]
    """Groups of rows, each sorted separately: measured rows, then rows from the literature; empty groups are absent."""
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(map(len, self.bodies))

    def numeric(self, column: int) -> bool:
        """Tell whether a column, counted without the labels, holds numbers, which are aligned right."""
        return any(line.cells[column].value is not None for body in self.bodies for line in body)

    @property
    def wide(self) -> bool:
        """Whether the table needs a landscape page: more than 8 columns, labels included."""
        return len(self.stubs) + len(self.headings) > 8


def page_table(table: Table, shown: Sheet) -> PageTable:
    """Return a table of results for the page; `shown` is the same table with its printed texts."""
    turned = [Heading(text, column.better > 0) for (text, _), column in zip(shown.headings, table.columns, strict=True)]
    bodies = [_lines(rows, lines) for rows, lines in ((table.rows, shown.lines), (table.reported, shown.reported))]
    marks = (f"Best value of a {table.best_of} bold, second best underlined.",) if shown.ranked else ()
    return PageTable(
        shown.title, shown.stubs, tuple(turned), tuple(body for body in bodies if body), (*shown.notes, *marks)
    )


def facts(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> PageTable:
    """Return a table of texts; the first text of each row is its label."""
    stub, *others = headings
    lines = tuple(GridLine((Field(label),), tuple(Field(part) for part in rest)) for label, *rest in rows)
    return PageTable(caption, (stub,), tuple(map(Heading, others)), (lines,))


def _lines(rows: Sequence[Row], lines: Sequence[SheetRow]) -> tuple[GridLine, ...]:
    values = [_numbers([line.labels[i] for line in lines]) for i in range(len(lines[0].labels))] if lines else []
    return tuple(
        GridLine(
            tuple(Field(cited(label, line.citation), value=values[i][n]) for i, label in enumerate(line.labels)),
            tuple(_field(shown, cell.mean) for shown, cell in zip(line.cells, row.cells, strict=True)),
        )
        for n, (row, line) in enumerate(zip(rows, lines, strict=True))
    )


def _field(shown: Shown, value: float) -> Field:
    look = ("", "best", "second")[shown.rank] if shown.number else "failed" if shown.failed else "absent"
    return Field(shown.main, shown.tail, "" if math.isnan(value) else repr(value), look, shown.significant)


def _numbers(labels: Sequence[str]) -> list[str | None]:
    """Return the number at the start of each label, e.g. of `0.5 (full)`, and "" for an empty label.

    If one label has no number, the result is None for all labels.
    """
    found = [label.split(" (")[0] for label in labels]
    try:
        return [repr(float(number)) if number else "" for number in found]
    except ValueError:
        return [None] * len(labels)
