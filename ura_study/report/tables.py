"""The per-category table of one metric: variants by categories, mean and deviation over seeds; pure data."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ura_study.plan import Plan
from ura_study.runs.record import Record

#: Heading of the last column.
MEAN = "mean"


@dataclass(frozen=True)
class Cell:
    """One metric of one variant on one category, or over all of them."""

    values: tuple[float, ...] = ()
    """One per seed (fractions)."""
    failed: int = 0
    missing: int = 0
    """Runs without a record yet."""
    undefined: int = 0
    """Runs for which the metric is undefined."""

    @property
    def complete(self) -> bool:
        return bool(self.values) and not (self.failed or self.missing or self.undefined)

    @property
    def mean(self) -> float:
        """Mean over seeds; NaN where a run is missing, failed or undefined: those are never averaged away."""
        return statistics.fmean(self.values) if self.complete else math.nan

    @property
    def std(self) -> float:
        """Sample standard deviation over seeds; NaN for a single seed or an incomplete cell."""
        return statistics.stdev(self.values) if self.complete and len(self.values) > 1 else math.nan


@dataclass(frozen=True)
class Table:
    """One metric of a study."""

    metric: str
    columns: tuple[str, ...]
    """The categories, then `mean`."""
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    """Variant name and its cells, in the order of the columns."""
    note: str = ""
    """What a reader must know of the mean."""

    @property
    def categories(self) -> tuple[str, ...]:
        return self.columns[:-1]


def per_category(plan: Plan, records: Mapping[str, Record], metric: str) -> Table:
    """Return the table of one metric.

    The mean is taken over categories first and its deviation over seeds. Categories for which the metric is undefined
    in every run that is done (no masks, say) are left out of it, and the note names them.
    """
    cells = {
        (variant.name, category): _cell(plan, records, metric, variant.name, category)
        for variant in plan.variants
        for category in plan.categories
    }
    without = [c for c in plan.categories if _undefined_in([cells[v.name, c] for v in plan.variants])]
    counted = [category for category in plan.categories if category not in without] or plan.categories
    rows = tuple(
        (v.name, (*(cells[v.name, c] for c in plan.categories), _over([cells[v.name, c] for c in counted])))
        for v in plan.variants
    )
    reasons = ", ".join(f"{category} ({_reason(plan, records, metric, category)})" for category in without)
    left_out = len(counted) < len(plan.categories)
    note = f"{'mean without' if left_out else 'undefined:'} {reasons}" if without else ""
    return Table(metric, (*plan.categories, MEAN), rows, note)


def _reason(plan: Plan, records: Mapping[str, Record], metric: str, category: str) -> str:
    """Return why a metric is undefined on a category, as the first record that knows says."""
    found = (records.get(run_id) for (_, name, _), run_id in plan.cells.items() if name == category)
    reasons = (r.undefined[metric] for r in found if r is not None and metric in r.undefined)
    return next(reasons, "not measured when this was run")


def _cell(plan: Plan, records: Mapping[str, Record], metric: str, variant: str, category: str) -> Cell:
    found = [records.get(plan.cells[variant, category, seed]) for seed in plan.seeds]
    done = [record for record in found if record is not None and record.done]
    values = tuple(v for record in done if (v := record.metrics.get(metric)) is not None)
    return Cell(
        values=values,
        failed=sum(record is not None and not record.done for record in found),
        missing=sum(record is None for record in found),
        undefined=len(done) - len(values),
    )


def _undefined_in(cells: Sequence[Cell]) -> bool:
    """Tell whether a metric is undefined in every run of a category that is done; `cells` are those of all variants."""
    return any(cell.undefined for cell in cells) and not any(cell.values for cell in cells)


def _over(cells: Sequence[Cell]) -> Cell:
    """Return the mean over categories of each seed; what is missing, failed or undefined anywhere stays so."""
    complete = all(cell.complete for cell in cells)
    values = tuple(statistics.fmean(seed) for seed in zip(*(c.values for c in cells), strict=True)) if complete else ()
    return Cell(values, *(sum(getattr(cell, kind) for cell in cells) for kind in ("failed", "missing", "undefined")))
