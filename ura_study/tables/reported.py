"""Numbers from the literature as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable

from ura_study.results.cell import Cell
from ura_study.results.reported import Reported
from ura_study.tables.model import Row

#: Cell of a reported row for a missing number.
NONE = Cell(text="–")


def reported_rows(reported: Iterable[Reported], keys: Iterable[tuple[str, str]]) -> tuple[Row, ...]:
    """Return a row for each method and citation with a number for at least one column.

    Args:
        reported: numbers from the literature, as fractions.
        keys: (category, metric) of each column.
    """
    by_method: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for row in reported:
        values = by_method.setdefault((row.method, row.citation), {})
        values.update({(row.category, metric): value for metric, value in row.values.items()})
    keys = list(keys)
    return tuple(
        Row((method,), tuple(Cell((values[key],)) if key in values else NONE for key in keys), citation)
        for (method, citation), values in by_method.items()
        if any(key in values for key in keys)
    )
