"""Names of tables, formats and marks."""

from __future__ import annotations

#: Tables that `ura-study export` can make, and the file ending of each format.
TABLES = (
    "summary",
    "per_category",
    "components",
    "sweep",
    "robustness",
    "cost",
    "comparison",
    "search",
    "runs",
    "images",
)
ENDINGS = {
    "latex": ".tex",
    "markdown": ".md",
    "html": ".html",
    "csv": ".csv",
    "parquet": ".parquet",
    "excel": ".xlsx",
}

#: Marks for a variant with and without a part.
WITH, WITHOUT = "✓", "✗"
MARKS = frozenset({WITH, WITHOUT})
