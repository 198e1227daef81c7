"""One quantity of every variant on every category, and its mean over categories."""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ura_study.results.cell import Cell
from ura_study.runs.record import Record
from ura_study.study.plan import Plan

#: What is read off the record of a run that is done; None where undefined.
Quantity = Callable[[Record], float | None]


@dataclass(frozen=True)
class Aggregate:
    """Cells of one quantity by (variant, category)."""

    cells: Mapping[tuple[str, str], Cell]
    categories: tuple[str, ...]
    undefined: tuple[str, ...]
    """Categories where it is undefined in every run that is done (no masks, say)."""

    def mean(self, variant: str, categories: Iterable[str] | None = None) -> Cell:
        """Return the mean over categories (default: all) of each seed, without those where all is undefined.

        What is missing, failed or undefined in any other category stays so.
        """
        wanted = tuple(self.categories if categories is None else categories)
        counted = [category for category in wanted if category not in self.undefined] or wanted
        return _over([self.cells[variant, category] for category in counted])


def metric(name: str) -> Quantity:
    return lambda record: record.metrics.get(name)


def aggregate(plan: Plan, records: Mapping[str, Record], quantity: Quantity) -> Aggregate:
    """Return the cells of a quantity: each (variant, category, seed) of the plan counts in exactly one.

    A variant that is told the true masks is never the best.
    """
    names = [variant.name for variant in plan.variants]
    oracles = {variant.name for variant in plan.variants if variant.settings.model.oracle}
    cells = {
        (variant, category): dataclasses.replace(
            cell_of([plan.cells[variant, category, seed] for seed in plan.seeds], records, quantity),
            contends=variant not in oracles,
        )
        for variant, category in itertools.product(names, plan.categories)
    }
    columns = {category: [cells[variant, category] for variant in names] for category in plan.categories}
    undefined = tuple(c for c, found in columns.items() if _undefined_in(found))
    return Aggregate(cells, plan.categories, undefined)


def variant_mean(records: Iterable[Record], name: str) -> float | None:
    """Return a variant's mean of a metric over its runs that are done: over seeds first, then over categories.

    None where none of them has the metric. Of a variant whose runs are all in, it is the mean that tables show.
    """
    by_category: dict[str, list[float]] = defaultdict(list)
    for record in records:
        if record.done and (value := record.metrics.get(name)) is not None:
            by_category[record.category].append(value)
    return statistics.fmean(map(statistics.fmean, by_category.values())) if by_category else None


def reason(plan: Plan, records: Mapping[str, Record], metric: str, category: str) -> str:
    """Return why a metric is undefined on a category, as the first record that knows says."""
    found = (records.get(run_id) for (_, name, _), run_id in plan.cells.items() if name == category)
    return next(
        (r.undefined[metric] for r in found if r is not None and metric in r.undefined),
        "not measured when this was run",
    )


def cell_of(run_ids: Sequence[str], records: Mapping[str, Record], quantity: Quantity) -> Cell:
    """Return the cell of some runs, one value for each that is done."""
    found = [records.get(run_id) for run_id in run_ids]
    done = [record for record in found if record is not None and record.done]
    values = tuple(value for record in done if (value := quantity(record)) is not None)
    return Cell(
        values=values,
        failed=sum(record is not None and not record.done for record in found),
        missing=sum(record is None for record in found),
        undefined=len(done) - len(values),
        run_ids=tuple(run_ids),
    )


def _undefined_in(cells: Sequence[Cell]) -> bool:
    """Tell whether a quantity is undefined in every run of a category that is done; `cells` are of all variants."""
    return any(cell.undefined for cell in cells) and not any(cell.values for cell in cells)


def _over(cells: Sequence[Cell]) -> Cell:
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
