"""The table of an `add_one_in` ablation, as papers print it: a line for each part added, with what it adds."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from ura_study.metrics.names import better
from ura_study.results.cell import Cell
from ura_study.results.comparison import paired
from ura_study.results.frame import outcomes
from ura_study.results.results import Results
from ura_study.results.statistics import LEAST_UNITS, LEVEL
from ura_study.study.config import Ablation
from ura_study.study.plan import BASELINE, Variant
from ura_study.tables.asked import NOT_POSSIBLE, asked, headings, refusals
from ura_study.tables.comparison_table import NO_PAIR
from ura_study.tables.metric_tables import MEANS, mean_cell, notes
from ura_study.tables.model import Column, Row, Table

#: In the first line, which has none above it.
NOTHING = Cell(text="–")
DELTA = "Δ: mean difference from the line above, or from the nearest one above that is not left out"


def built_up(results: Results, name: str, ablation: Ablation) -> Table:
    """Return the table: variants in the order of the parts, each metric with its difference from the line above."""
    parts = headings(results, ablation.parts)
    last = f"+ {parts[-1]} ({BASELINE})"
    labels = ("none", *(f"+ {part}" for part in parts[:-1]), last)
    variants = [variant for _, variant in asked(results, ablation)]
    cells = zip(*(_column(results, metric, variants) for metric in results.metrics), strict=True)
    rows = tuple(Row((label,), sum(pairs, ())) for label, pairs in zip(labels, cells, strict=True))
    intervals = any(cell.interval is not None for row in rows for cell in row.cells)
    bars = f"{LEVEL:.0%} interval in brackets" if intervals else f"fewer than {LEAST_UNITS} units have no interval"
    return Table(
        name="components",
        title=f"Parts added one after another, {MEANS}",
        stubs=("parts",),
        columns=tuple(column for metric in results.metrics for column in _columns(results, metric)),
        rows=rows,
        notes=(
            *notes(results, results.metrics, rows),
            f"{DELTA}; {bars}.",
            *refusals(results, name),
        ),
        about={"ablation": name},
    )


def _columns(results: Results, metric: str) -> tuple[Column, Column]:
    return Column(metric, results.title(metric), better=better(metric)), Column(f"({metric} added)", "Δ", "points")


def _column(results: Results, metric: str, variants: list[Variant | None]) -> Iterator[tuple[Cell, Cell]]:
    """Yield the mean of each variant in one metric, and its difference from the one before."""
    rows = dict(tuple(outcomes(results.plan, results.records, [metric]).groupby("variant", sort=False)))
    above: Variant | None = None
    for variant in variants:
        if variant is None:
            yield NOT_POSSIBLE, NOT_POSSIBLE
            continue
        added = (
            NOTHING
            if above is None
            else _difference(rows[above.name], rows[variant.name], metric, variant.name, results.rope)
        )
        yield mean_cell(results, metric, variant.name), added
        above = variant


def _difference(before: pd.DataFrame, after: pd.DataFrame, metric: str, name: str, rope: float) -> Cell:
    found = paired(before, after, metric, name, rope)
    if not found.pairs:
        return NO_PAIR
    interval = None if math.isnan(found.low) else (found.low, found.high)
    lost = (found.failed, found.missing, found.undefined)
    return Cell((found.difference,), *lost, partial=True, interval=interval, run_ids=found.run_ids)
