"""Names of tables, formats and marks."""

from __future__ import annotations

#: Tables that `ura-study export` can make.
TABLES = (
    *("summary", "per_category", "defects", "components", "sweep", "cost", "comparison", "test_set"),
    *("search", "runs", "images"),
)
#: Those with a line for each run or image: data, too long to be printed with the others.
LISTS = ("runs", "images")
#: The file ending of each format.
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
