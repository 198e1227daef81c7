"""Names of tables, formats and marks."""

from __future__ import annotations

#: Tables that `ura-study export` can make.
TABLES = (
    *("summary", "per_category", "defects", "components", "effects", "sweep", "robustness", "cost", "comparison"),
    *("test_set", "validation", "search", "runs", "images"),
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

#: Marks for a variant with a part, without one that is left out, and without one that was never put in.
WITH, WITHOUT, NONE = "✓", "✗", "–"
MARKS = frozenset({WITH, WITHOUT, NONE})
