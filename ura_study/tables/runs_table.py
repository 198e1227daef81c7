"""A table with a row for each run of the plan."""

from __future__ import annotations

from ura_study.results.aggregate import cell_of, metric
from ura_study.results.results import Results
from ura_study.tables.model import Column, Row, Table


def runs(results: Results) -> Table:
    """Return the table of the report's metrics for every (variant, category, seed), with or without a record."""
    return Table(
        name="runs",
        title="Runs",
        stubs=("variant", "category", "seed"),
        columns=tuple(Column(name, results.title(name)) for name in results.metrics),
        rows=tuple(
            Row(
                (variant, category, str(seed)),
                tuple(cell_of([run_id], results.records, metric(name)) for name in results.metrics),
            )
            for (variant, category, seed), run_id in results.plan.cells.items()
        ),
    )
