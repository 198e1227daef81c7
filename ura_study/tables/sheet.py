"""A table in printed form, for all formats: numbers as texts, ranks of the best and second best, notes.

Values with the same text have the same rank. If all have the same text, or there is only one value, none has a rank.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ura_study.report.config import ReportSettings
from ura_study.results.cell import Cell
from ura_study.tables.model import Column, Kind, Row, Table

DIGITS = {"percent": 1, "fraction": 3}
SIZES: tuple[Kind, ...] = ("count", "bytes", "flops")
#: Units after a heading, by kind; those of shares and points are shown only if metrics are in percent.
UNITS: dict[Kind, str] = {"seconds": " (s)", "milliseconds": " (ms)", "bytes": " (MB)", "flops": " (GFLOPs)"}
PERCENT_UNITS: dict[Kind, str] = {"share": " (%)", "points": " (points)"}


@dataclass(frozen=True)
class Shown:
    """One cell: `main` and `tail` make its text."""

    main: str
    """The number, or why there is none."""
    tail: str = ""
    """Deviation or interval, e.g. ` ± 0.3`."""
    rank: int = 0
    """1: best of its column (or row), 2: second best, 0: any other."""
    significant: bool = False
    number: bool = True
    failed: bool = False

    @property
    def text(self) -> str:
        return f"{self.main}{self.tail}{'*' if self.significant else ''}"


@dataclass(frozen=True)
class SheetRow:
    """One row."""

    labels: tuple[str, ...]
    cells: tuple[Shown, ...]
    citation: str | None = None


@dataclass(frozen=True)
class Sheet:
    """A table whose texts are final; a format only has to typeset it."""

    title: str
    caption: str
    label: str
    stubs: tuple[str, ...]
    headings: tuple[tuple[str, str | None], ...]
    """Text of each heading and its citation, if it is a reported method."""
    lines: tuple[SheetRow, ...]
    reported: tuple[SheetRow, ...]
    notes: tuple[str, ...]
    ranked: bool
    gap: int | None = None
    """Index of the column with a gap before it: the first mean, or the first reported method; None: no gap."""
    rule: int | None = None
    """Index of the line with a rule before it; None: no rule."""

    def transposed(self) -> Sheet:
        """Return the sheet with a column for each variant or reported method; unchanged if rows have several labels."""
        if len(self.stubs) > 1:
            return self
        across = [*self.lines, *self.reported]
        lines = tuple(
            SheetRow((heading,), tuple(line.cells[i] for line in across))
            for i, (heading, _) in enumerate(self.headings)
        )
        headings = tuple((line.labels[0], line.citation) for line in across)
        gap = len(self.lines) if self.reported else None
        return dataclasses.replace(
            self, stubs=("",), headings=headings, lines=lines, reported=(), gap=gap, rule=self.gap
        )


def sheet(table: Table, settings: ReportSettings, study: str, alone: bool = True) -> Sheet:
    """Return a table in printed form, by the `report` settings of the study named `study`.

    Args:
        alone: whether no other table has the caption and label of the settings; otherwise both are made unique.
    """
    title = table.title if table.kind is None else f"{table.title}{_unit(table.kind, settings)}"
    caption, label = _caption(title, settings, alone), _label(table, settings, study, alone)
    units = ["" if table.kind is not None else _unit(column.kind, settings) for column in table.columns]
    lines = _lines(table, settings)
    return Sheet(
        title=title,
        caption=caption,
        label=label,
        stubs=table.stubs,
        headings=tuple((f"{c.heading}{unit}", None) for c, unit in zip(table.columns, units, strict=True)),
        lines=tuple(SheetRow(row.labels, tuple(line)) for row, line in zip(table.rows, lines, strict=True)),
        reported=tuple(_reported(row, table.columns, settings) for row in table.reported),
        notes=table.notes,
        ranked=any(cell.rank for line in lines for cell in line),
        gap=len(table.columns) - table.means if 0 < table.means < len(table.columns) else None,
    )


def cited(text: str, citation: str | None) -> str:
    """Return a heading or a label with its citation in brackets, for formats without a syntax for citations."""
    return f"{text} [{citation}]" if citation else text


def number(value: float, kind: Kind, settings: ReportSettings) -> str:
    """Return a quantity as text; `value` is a fraction for the kinds share and points, else in the unit of its kind."""
    if kind in ("share", "points"):
        digits = DIGITS[settings.unit] if settings.digits is None else settings.digits
        shown = 100 * value if settings.unit == "percent" else value
        return _signed(f"{shown:+.{digits}f}") if kind == "points" else f"{shown:.{digits}f}"
    if kind == "p":
        return "<0.001" if value < 0.001 else f"{value:.3f}"
    if kind == "effect":
        return _signed(f"{value:+.2f}")
    if kind == "value":
        return f"{value:.4g}".replace("-", "−")
    if kind == "count":
        return f"{value:,.0f}"
    if kind in ("bytes", "flops"):
        return f"{value / (1e6 if kind == 'bytes' else 1e9):,.2f}"
    return f"{value:.1f}"


def _signed(text: str) -> str:
    """Return a signed number with a minus sign (−) in place of a hyphen, and zero without a sign."""
    return text.replace("-", "−") if float(text) else text[1:]


def _caption(title: str, settings: ReportSettings, alone: bool) -> str:
    caption = title if settings.caption is None else settings.caption
    caption = caption if caption[-1] in ".!?" else f"{caption}."
    return caption if alone or settings.caption is None else f"{caption} {title}."


def _label(table: Table, settings: ReportSettings, study: str, alone: bool) -> str:
    if alone and settings.label is not None:
        return settings.label
    parts = (table.name, *table.about.values())
    return "-".join([settings.label or f"tab:{_slug(study)}", *map(_slug, parts)])


def _shown(cell: Cell, column: Column, settings: ReportSettings) -> Shown:
    if not cell.complete:
        return Shown(_trouble(cell), number=False, failed=bool(cell.failed))
    return Shown(
        number(cell.mean, column.kind, settings), _tail(cell, column.kind, settings), significant=cell.significant
    )


def _tail(cell: Cell, kind: Kind, settings: ReportSettings) -> str:
    """Return the interval of a cell with a number, else its deviation over seeds; "" if it has neither."""
    if cell.interval is not None:
        low, high = (number(end, kind, settings) for end in cell.interval)
        return f" [{low}, {high}]"
    spread = cell.std
    if math.isnan(spread) or (kind in SIZES and spread == 0):  # no deviation for a size that never varies
        return ""
    return f" ± {number(spread, kind, settings)}"


def _trouble(cell: Cell) -> str:
    if cell.text:
        return cell.text
    if cell.failed:
        return f"{cell.failed} failed"
    return f"{cell.missing} missing" if cell.missing else "undefined"


def _lines(table: Table, settings: ReportSettings) -> list[list[Shown]]:
    """Return the cells of all rows in printed form, ranked within their column or row."""
    lines = [
        [_shown(c, column, settings) for c, column in zip(r.cells, table.columns, strict=True)] for r in table.rows
    ]
    if table.best_of == "row":
        way = table.columns[0].better
        return [_ranked(line, row.cells, way) for row, line in zip(table.rows, lines, strict=True)]
    for i, column in enumerate(table.columns):
        marked = _ranked([line[i] for line in lines], [row.cells[i] for row in table.rows], column.better)
        for line, cell in zip(lines, marked, strict=True):
            line[i] = cell
    return lines


def _ranked(shown: Sequence[Shown], cells: Sequence[Cell], better: Literal[-1, 0, 1]) -> list[Shown]:
    """Return the printed form `shown` of some cells, ranked where they may be the best."""
    if better == 0:
        return list(shown)
    contending = [s.number and cell.contends for s, cell in zip(shown, cells, strict=True)]
    values = sorted({_read(s.main) for s, may in zip(shown, contending, strict=True) if may}, reverse=better > 0)
    ranks = {value: rank for rank, value in enumerate(values[:2], start=1)} if len(values) > 1 else {}
    return [
        dataclasses.replace(s, rank=ranks.get(_read(s.main), 0)) if may else s
        for s, may in zip(shown, contending, strict=True)
    ]


def _read(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def _reported(row: Row, columns: Sequence[Column], settings: ReportSettings) -> SheetRow:
    cells = tuple(_shown(cell, column, settings) for cell, column in zip(row.cells, columns, strict=True))
    return SheetRow(row.labels, cells, row.citation)


def _unit(kind: Kind, settings: ReportSettings) -> str:
    return UNITS.get(kind, PERCENT_UNITS.get(kind, "") if settings.unit == "percent" else "")


def _slug(text: str) -> str:
    """Return a name with all characters that LaTeX labels cannot hold replaced by hyphens."""
    return re.sub("[^A-Za-z0-9.]+", "-", text).strip("-")
