"""Comparisons with the baseline as text: Markdown, CSV and the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from rich.table import Table as RichTable
from rich.text import Text

from ura_study.report.comparison import Comparison
from ura_study.report.render import line, title
from ura_study.report.statistics import ALPHA, LEVEL

HEADINGS = ("variant", f"Δ [{LEVEL:.0%} interval]", "p (Holm)", "effect", "units", "left out")

LEGEND = (
    "Δ in percentage points over units: categories (means over seeds), or the seeds of a single category; "
    f"p: exact Wilcoxon signed-rank test, Holm-corrected over the variants (bold: < {ALPHA:g}); "
    "effect: matched-pairs rank-biserial correlation."
)


def comparison_csv(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Return a row per comparison, all numbers as fractions, without the run ids."""
    columns = [name for name in Comparison.__dataclass_fields__ if name != "run_ids"]
    return pd.DataFrame([[getattr(c, name) for name in columns] for c in comparisons], columns=columns)


def comparison_markdown(comparisons: Sequence[Comparison], baseline: str, fpr_limit: float) -> str:
    """Return the comparisons of one metric as Markdown, significant differences bold."""
    lines = [f"### {title(comparisons[0].metric, fpr_limit)}, difference from {baseline}", "", line(HEADINGS)]
    lines.append(line(["---", *["---:"] * (len(HEADINGS) - 1)]))
    for c in comparisons:
        change = f"**{difference(c)}**" if c.significant else difference(c)
        lines.append(line([c.variant, change, p_value(c.corrected), effect(c), units(c), left_out(c)]))
    return "\n".join([*lines, "", *(f"{note}  " for note in (LEGEND, *warnings(comparisons))), ""])


def comparison_terminal(comparisons: Sequence[Comparison], baseline: str, fpr_limit: float) -> RichTable:
    """Return the comparisons of one metric for rich, in short."""
    drawn = RichTable(title=f"{title(comparisons[0].metric, fpr_limit)}, difference from {baseline}")
    drawn.title_justify, drawn.caption_justify = "left", "left"
    drawn.caption = Text("\n".join(warnings(comparisons)))
    drawn.add_column("variant", no_wrap=True)
    for heading in HEADINGS[1:3]:
        drawn.add_column(Text(heading), justify="right", no_wrap=True)
    for c in comparisons:
        style = "bold" if c.significant else ""
        drawn.add_row(Text(c.variant), Text(difference(c), style), Text(p_value(c.corrected), style))
    return drawn


def difference(comparison: Comparison) -> str:
    """Return a difference in percentage points with its interval, where there is one."""
    if comparison.pairs == 0:
        return "no pair"
    low, high = comparison.low, comparison.high
    around = "" if math.isnan(low) else f" [{_points(low)}, {_points(high)}]"
    return f"{_points(comparison.difference)}{around}"


def p_value(p: float) -> str:
    if math.isnan(p):
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def effect(comparison: Comparison) -> str:
    return "–" if math.isnan(comparison.effect) else f"{comparison.effect:+.2f}".replace("-", "−")


def units(comparison: Comparison) -> str:
    return _counted(comparison.units, comparison.unit)


def left_out(comparison: Comparison) -> str:
    """Return how many pairs do not count, and why."""
    kinds = {kind: getattr(comparison, kind) for kind in ("failed", "missing", "undefined")}
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count) or "0"


def warnings(comparisons: Sequence[Comparison]) -> list[str]:
    """Return what keeps the comparisons of one metric from saying more: too few units, pairs left out."""
    hopeless = sorted({(c.units, units(c), c.smallest_p, c.smallest_corrected) for c in comparisons if c.hopeless})
    excluded = sum(c.excluded for c in comparisons)
    return [
        *(
            f"Too few to be sure: {counted} can give no p below {p:.3g}, {after:.3g} after correction"
            for _, counted, p, after in hopeless
        ),
        *([f"{_counted(excluded, 'pair')} left out: failed, missing or undefined runs"] if excluded else []),
    ]


def _points(fraction: float) -> str:
    return f"{100 * fraction:+.1f}".replace("-", "−")


def _counted(count: int, word: str) -> str:
    plural = {"category": "categories"}.get(word, f"{word}s")
    return f"{count} {word if count == 1 else plural}"
