"""Names of tables, formats and marks."""

from __future__ import annotations

#: Tables that `ura-study export` can make, and the file ending of each format.
TABLES = (
    "summary",
    "per_category",
    "components",
    "effects",
    "sweep",
    "cost",
    "comparison",
    "validation",
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

#: Marks for a variant with a part, without one that is left out, and without one that was never put in.
WITH, WITHOUT, NONE = "✓", "✗", "–"
MARKS = frozenset({WITH, WITHOUT, NONE})
