"""Tables as text: Markdown, CSV and the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd
from rich.table import Table as RichTable
from rich.text import Text

from ura_study.metrics.names import VALIDATION, better
from ura_study.report.tables import MEAN, Cell, Table

#: Headings of the metrics, as papers print them; all in percent.
TITLES = {
    "image_auroc": "Image AUROC",
    "image_ap": "Image AP",
    "image_f1_max": "Image F1-max",
    "pixel_auroc": "Pixel AUROC",
    "pixel_ap": "Pixel AP",
    "pixel_f1_max": "Pixel F1-max",
    "pixel_aupro": "AUPRO",
}
_ON_VALIDATION = {name: text.replace("Image", "image").replace("Pixel", "pixel") for name, text in TITLES.items()} | {
    "ece": "ECE",
    "ece_balanced": "ECE, balanced",
    "brier": "Brier score",
    "uncertainty_border": "uncertainty on borders",
    "uncertainty_inside": "uncertainty inside",
    "uncertainty_outside": "uncertainty outside",
    "epistemic_border": "epistemic on borders",
    "epistemic_inside": "epistemic inside",
    "epistemic_outside": "epistemic outside",
}
TITLES |= {f"{VALIDATION}{name}": f"Validation {text}" for name, text in _ON_VALIDATION.items()}


def title(metric: str, fpr_limit: float) -> str:
    """Return a metric's heading, e.g. `AUPRO@0.3 (%)`."""
    limit = f"@{fpr_limit:g}" if metric.endswith("pixel_aupro") else ""
    return f"{TITLES[metric]}{limit} (%)"


def cell_text(cell: Cell) -> str:
    """Return a cell in percent, with the deviation over seeds where there are several, or what is wrong with it."""
    if cell.complete:
        deviation = "" if math.isnan(cell.std) else f" ± {100 * cell.std:.1f}"
        return f"{100 * cell.mean:.1f}{deviation}"
    if cell.failed:
        return f"{cell.failed} failed"
    return f"{cell.missing} missing" if cell.missing else "undefined"


def markdown(table: Table, fpr_limit: float) -> str:
    """Return the table as Markdown, best value of each column bold."""
    header = ["variant", *table.columns]
    best = _best(table)
    lines = [f"### {title(table.metric, fpr_limit)}", "", _line(header), _line(["---", *["---:"] * len(table.columns)])]
    for name, cells in table.rows:
        texts = (
            f"**{cell_text(c)}**" if c.complete and c.mean == b else cell_text(c)
            for c, b in zip(cells, best, strict=True)
        )
        lines.append(_line([name, *texts]))
    return "\n".join([*lines, *(["", table.note] if table.note else []), ""])


def csv(tables: Iterable[Table]) -> pd.DataFrame:
    """Return the tables below each other: `<category>` its mean, `<category> (std)` its deviation over seeds.

    What concerns all categories stands in brackets, where no folder's name is taken: `(mean)`, `(mean) (std)`, and the
    numbers of runs `(failed)`, `(missing)` and `(undefined)`.
    """
    rows = [
        {"metric": table.metric, "variant": name}
        | {key: value for c, cell in zip(table.categories, cells, strict=False) for key, value in _numbers(c, cell)}
        | dict(_numbers(f"({MEAN})", cells[-1]))
        | {f"({kind})": getattr(cells[-1], kind) for kind in ("failed", "missing", "undefined")}
        for table in tables
        for name, cells in table.rows
    ]
    return pd.DataFrame(rows)


def means(tables: Sequence[Table], fpr_limit: float) -> RichTable:
    """Return the means over categories of several metrics, for a terminal too narrow for all categories."""
    drawn = RichTable(title="Means over categories", title_justify="left")
    drawn.add_column("variant", no_wrap=True)
    for table in tables:
        drawn.add_column(title(table.metric, fpr_limit), justify="right")
    best = [_best(table)[-1] for table in tables]
    for rows in zip(*(table.rows for table in tables), strict=True):
        cells = [cells[-1] for _, cells in rows]
        drawn.add_row(Text(rows[0][0]), *(Text(cell_text(c), _style(c, b)) for c, b in zip(cells, best, strict=True)))
    return drawn


def terminal(table: Table, fpr_limit: float) -> RichTable:
    """Return the table for rich, best value of each column bold, failures red."""
    drawn = RichTable(title=title(table.metric, fpr_limit), title_justify="left")
    drawn.caption = Text(table.note) if table.note else None
    drawn.add_column("variant", no_wrap=True)
    for column in table.columns:
        drawn.add_column(Text(column), justify="right", no_wrap=True)
    best = _best(table)
    for name, cells in table.rows:
        drawn.add_row(Text(name), *(Text(cell_text(c), _style(c, b)) for c, b in zip(cells, best, strict=True)))
    return drawn


def _style(cell: Cell, best: float) -> str:
    if not cell.complete:
        return "red" if cell.failed else "dim"
    return "bold" if cell.mean == best else ""


def _best(table: Table) -> list[float]:
    """Return the best mean of each column; NaN where it has none, or where no value is better than another."""
    columns = zip(*(cells for _, cells in table.rows), strict=True)
    sign = better(table.metric) or math.nan
    return [sign * max((sign * cell.mean for cell in column if cell.complete), default=math.nan) for column in columns]


def _numbers(column: str, cell: Cell) -> list[tuple[str, float]]:
    return [(column, cell.mean), (f"{column} (std)", cell.std)]


def _line(texts: Iterable[str]) -> str:
    escaped = (text.replace("|", "\\|") for text in texts)
    return f"| {' | '.join(escaped)} |"
