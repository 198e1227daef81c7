"""One quantity of each variant on each category, and its mean over categories."""

from __future__ import annotations

import itertools
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ura_study.results.cell import Cell
from ura_study.runs.record import Record
from ura_study.study.plan import Plan

#: From the record of a finished run to a number; None if it is undefined.
Quantity = Callable[[Record], float | None]


@dataclass(frozen=True)
class Aggregate:
    """One quantity of all variants on all categories."""

    cells: Mapping[tuple[str, str], Cell]
    """(variant, category) → cell with a value per seed."""
    categories: tuple[str, ...]
    undefined: tuple[str, ...]
    """Categories where the quantity is undefined in every finished run (e.g. without masks)."""

    def mean(self, variant: str, categories: Iterable[str] | None = None) -> Cell:
        """Return a cell with the mean over categories (default: all) for each seed.

        Categories in `undefined` are left out, unless all of them are. A run that is missing, failed or undefined on
        any other category makes the cell incomplete.
        """
        wanted = tuple(self.categories if categories is None else categories)
        counted = [category for category in wanted if category not in self.undefined] or wanted
        return over([self.cells[variant, category] for category in counted])


def metric(name: str) -> Quantity:
    """Return the quantity that is a recorded metric."""
    return lambda record: record.metrics.get(name)


def aggregate(plan: Plan, records: Mapping[str, Record], quantity: Quantity) -> Aggregate:
    """Return the cells of a quantity: each (variant, category, seed) of the plan is in exactly one cell.

    A variant that uses the true masks (an oracle) is never ranked as the best.
    """
    names = [variant.name for variant in plan.variants]
    oracles = {variant.name for variant in plan.variants if variant.settings.model.oracle}
    cells = {
        (variant, category): cell_of(
            [plan.cells[variant, category, seed] for seed in plan.seeds],
            records,
            quantity,
            contends=variant not in oracles,
        )
        for variant, category in itertools.product(names, plan.categories)
    }
    columns = {category: [cells[variant, category] for variant in names] for category in plan.categories}
    undefined = tuple(c for c, found in columns.items() if _undefined_in(found))
    return Aggregate(cells, plan.categories, undefined)


def variant_mean(records: Iterable[Record], name: str) -> float | None:
    """Return the mean of a metric over the finished runs of one variant: over seeds first, then over categories.

    None if no run has the metric. If all runs of the variant are finished, this is the mean in the tables.
    """
    by_category: dict[str, list[float]] = defaultdict(list)
    for record in records:
        if record.done and (value := record.metrics.get(name)) is not None:
            by_category[record.category].append(value)
    return statistics.fmean(map(statistics.fmean, by_category.values())) if by_category else None


def reason(plan: Plan, records: Mapping[str, Record], metric: str, category: str) -> str:
    """Return why a metric is undefined on a category, from the first record that has a reason."""
    found = (records.get(run_id) for (_, name, _), run_id in plan.cells.items() if name == category)
    return next(
        (r.undefined[metric] for r in found if r is not None and metric in r.undefined),
        "not measured when this was run",
    )


def cell_of(
    run_ids: Sequence[str], records: Mapping[str, Record], quantity: Quantity, *, contends: bool = True
) -> Cell:
    """Return the cell of some runs, with a value for each finished run for which the quantity is defined."""
    found = [records.get(run_id) for run_id in run_ids]
    done = [record for record in found if record is not None and record.done]
    values = tuple(value for record in done if (value := quantity(record)) is not None)
    return Cell(
        values=values,
        failed=sum(record is not None and not record.done for record in found),
        missing=sum(record is None for record in found),
        undefined=len(done) - len(values),
        contends=contends,
        run_ids=tuple(run_ids),
    )


def _undefined_in(cells: Sequence[Cell]) -> bool:
    """Tell whether a quantity is undefined in every finished run on a category; `cells` are those of all variants."""
    return any(cell.undefined for cell in cells) and not any(cell.values for cell in cells)


def over(cells: Sequence[Cell]) -> Cell:
    """Return a cell with the mean over cells for each seed; it is incomplete if one of them is."""
    complete = all(cell.complete for cell in cells)
    values = tuple(statistics.fmean(seed) for seed in zip(*(c.values for c in cells), strict=True)) if complete else ()
    return Cell(
        values=values,
        failed=sum(cell.failed for cell in cells),
        missing=sum(cell.missing for cell in cells),
        undefined=sum(cell.undefined for cell in cells),
        contends=all(cell.contends for cell in cells),
        run_ids=tuple(run_id for cell in cells for run_id in cell.run_ids),
    )
