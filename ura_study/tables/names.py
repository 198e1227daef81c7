"""Names of tables, formats and marks."""

from __future__ import annotations

#: What `ura-study export` makes, and of what kind; the endings of files name the format.
TABLES = ("summary", "per_category", "components", "sweep", "cost", "comparison", "search", "runs", "images")
ENDINGS = {
    "latex": ".tex",
    "markdown": ".md",
    "html": ".html",
    "csv": ".csv",
    "parquet": ".parquet",
    "excel": ".xlsx",
}

#: Whether a variant has a part.
WITH, WITHOUT = "✓", "✗"
MARKS = frozenset({WITH, WITHOUT})
