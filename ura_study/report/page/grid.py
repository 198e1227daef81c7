"""A table as it stands on the page: its texts as everywhere else, and the numbers by which its rows are sorted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ura_study.metrics.names import METRICS, VALIDATION_METRICS, better
from ura_study.report.leaderboard import Leaderboard
from ura_study.report.model import Row, Table
from ura_study.report.render_search import columns_of, heading, notes, printed, short
from ura_study.report.sheet import Line, Sheet, Shown, cited


@dataclass(frozen=True)
class Heading:
    """A column's heading."""

    text: str
    descending: bool = False
    """Whether the first click sorts from large to small: where large is good."""


@dataclass(frozen=True)
class Field:
    """One cell, or the label of a row."""

    text: str
    tail: str = ""
    value: str | None = None
    """The number to sort by, empty where it is unknown; None: sorted by its text."""
    look: str = ""
    """best, second, failed or absent."""
    significant: bool = False


@dataclass(frozen=True)
class GridLine:
    """One row."""

    labels: tuple[Field, ...]
    cells: tuple[Field, ...]


@dataclass(frozen=True)
class Grid:
    """A table of the page."""

    caption: str
    stubs: tuple[str, ...]
    headings: tuple[Heading, ...]
    bodies: tuple[tuple[GridLine, ...], ...]
    """Rows that are sorted among themselves: the measured, and those from the literature."""
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(map(len, self.bodies))

    @property
    def wide(self) -> bool:
        """Whether it needs a page turned on its side."""
        return len(self.stubs) + len(self.headings) > 8


def grid(table: Table, shown: Sheet) -> Grid:
    """Return a table of results, which `shown` has as it is printed."""
    turned = [Heading(text, column.better > 0) for (text, _), column in zip(shown.headings, table.columns, strict=True)]
    bodies = [_lines(rows, lines) for rows, lines in ((table.rows, shown.lines), (table.reported, shown.reported))]
    marks = ("Best value of a column bold, second best underlined.",) if shown.ranked else ()
    return Grid(shown.title, shown.stubs, tuple(turned), tuple(body for body in bodies if body), (*shown.notes, *marks))


def board_grid(board: Leaderboard) -> Grid:
    """Return a search's trials, best first."""
    first, *others = shown = columns_of(board)
    good = (*METRICS, *VALIDATION_METRICS)
    lines = tuple(
        GridLine((Field(printed(line[first], first)),), tuple(_trial_field(line, column) for column in others))
        for _, line in board.rows.iterrows()
    )
    headings = tuple(Heading(short(column, shown), column in good and better(column) > 0) for column in others)
    return Grid(heading(board), (first,), headings, (lines,), tuple(f"{note}." for note in notes(board)))


def facts(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    """Return a table of texts, the first of each row its label."""
    stub, *others = headings
    lines = tuple(GridLine((Field(label),), tuple(Field(part) for part in rest)) for label, *rest in rows)
    return Grid(caption, (stub,), tuple(map(Heading, others)), (lines,))


def _lines(rows: Sequence[Row], lines: Sequence[Line]) -> tuple[GridLine, ...]:
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
    """Return the numbers that labels begin with, as `0.5 (full)` does; None for all where one does not."""
    found = [label.split(" (")[0] for label in labels]
    try:
        return [repr(float(number)) for number in found]
    except ValueError:
        return [None] * len(labels)


def _trial_field(line: pd.Series, column: str) -> Field:
    value = line[column]
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    known = "" if numeric and math.isnan(value) else repr(float(value)) if numeric else None
    return Field(printed(value, column), value=known, look="best" if line["best"] else "")
