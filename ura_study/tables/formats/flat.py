"""Tables as data frames of raw numbers, for CSV, Parquet and Excel; shares are always fractions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from ura_study.results.cell import Cell
from ura_study.tables.model import Column, Row, Table

COUNTS = ("failed", "missing", "undefined")
SEEDS = "(seeds)"
#: Kinds of columns with a deviation over seeds.
SPREAD = ("share", "seconds", "milliseconds", "bytes")


def flat(tables: Sequence[Table]) -> pd.DataFrame:
    """Return all rows of one or more tables as one data frame.

    `<column>` is the mean, `<column> (std)` the standard deviation over seeds, `<column> (low)` and `<column> (high)`
    the interval. Names in parentheses are not categories: `(mean)`; `(seeds)`, the number of seeds of a mean;
    `(failed)`, `(missing)` and `(undefined)`, numbers of runs. Reported rows have a `citation`.
    """
    lines = [_line(table, row) for table in tables for row in (*table.rows, *table.reported)]
    empty = _line(tables[0], Row(("",) * len(tables[0].stubs), (Cell(),) * len(tables[0].columns)))
    frame = pd.DataFrame(lines, columns=None if lines else list(empty))
    return frame.astype({SEEDS: "Int64"}) if SEEDS in frame else frame


def _line(table: Table, row: Row) -> dict[str, object]:
    line: dict[str, object] = dict(table.about)
    line |= dict(zip(table.stubs, row.labels, strict=False))
    for column, cell in zip(table.columns, row.cells, strict=True):
        line |= _numbers(column, cell)
    seeds = {} if "seed" in table.stubs or not any(column.kind in SPREAD for column in table.columns) else _seeds(row)
    counts = {f"({kind})": max(getattr(cell, kind) for cell in row.cells) for kind in COUNTS}
    return line | seeds | counts | ({"citation": row.citation} if table.reported else {})


def _seeds(row: Row) -> dict[str, int | None]:
    """Return the largest number of seeds of the complete cells in a row; None for a reported row."""
    found = max((len(cell.values) for cell in row.cells if cell.complete), default=0)
    return {SEEDS: found if row.citation is None else None}


def _numbers(column: Column, cell: Cell) -> dict[str, float]:
    found = {column.key: cell.mean}
    if column.kind in SPREAD:
        found[f"{column.key} (std)"] = cell.std
    if column.kind == "points" or column.interval:
        found[f"{column.key} (low)"], found[f"{column.key} (high)"] = cell.interval or (math.nan, math.nan)
    return found
