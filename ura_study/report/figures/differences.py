"""Difference of each variant from the baseline in one metric, with t intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ura_study.metrics.names import better
from ura_study.report.config import ReportSettings
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import BLUE, GREY, ONE, TWO, canvas, factor, labels, sentences, with_unit, wrapped
from ura_study.report.figures.choice import METRICS, left_out, strongest
from ura_study.report.figures.registry import figure as registered
from ura_study.results.comparison import Comparison
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.results.statistics import ALPHA, LEVEL
from ura_study.tables.comparison_table import equivalent, excluded_pairs
from ura_study.tables.sheet import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Longest name, in characters, for which a figure of one column is wide enough.
SHORT = 18
BETTER = {1: "larger is better", -1: "smaller is better", 0: ""}


@dataclass(frozen=True)
class Differences:
    """The content of the figure of one metric."""

    metric: str
    heading: str
    baseline: str
    lines: tuple[Comparison, ...]
    """The comparisons shown, in the order of the plan."""
    left_out: int
    rope: float
    """The largest difference without practical meaning, as a fraction."""
    caveats: tuple[str, ...]
    settings: ReportSettings


def differences(results: Results, metric: str) -> Differences | None:
    """Return the content of the figure of one metric; None if no variant can be compared."""
    found = results.comparisons[metric]
    if all(math.isnan(c.difference) for c in found):
        return None
    lines = strongest(found)
    return Differences(
        metric=metric,
        heading=results.title(metric),
        baseline=results.baseline,
        lines=lines,
        left_out=len(found) - len(lines),
        rope=results.rope,
        caveats=results.caveats,
        settings=results.study.report,
    )


def draw(info: Differences) -> Drawn:
    """Return the figure: a row for each variant, with a filled marker if its difference is significant."""
    names = labels([c.variant for c in info.lines])
    width = ONE if max(map(len, names)) <= SHORT else TWO
    with canvas(width, 0.55 + 0.17 * len(names)) as figure:
        axes = figure.subplots()
        axes.axvspan(*(factor(info.settings) * end for end in (-info.rope, info.rope)), color="0.93", zorder=0)
        axes.axvline(0, color=GREY, linewidth=0.8, zorder=0)
        for y, line in enumerate(info.lines):
            _row(axes, y, line, info)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        label = f"Δ {with_unit(info.heading, info.settings, difference=True)}"
        axes.set_xlabel(wrapped(label, width - 0.06 * max(map(len, names))))
    return Drawn(f"differences-{info.metric}", _caption(info), _alt(info), figure)


def _row(axes: Axes, y: int, line: Comparison, info: Differences) -> None:
    scale = factor(info.settings)
    text_x: dict[str, Any] = {"x": 1.01, "y": y, "va": "center", "ha": "left", "fontsize": 6}
    place = axes.get_yaxis_transform()
    if math.isnan(line.difference):
        axes.text(s="no pair", transform=place, style="italic", **text_x)
        return
    if not math.isnan(line.low):
        axes.plot([scale * line.low, scale * line.high], [y, y], color=BLUE if line.significant else GREY)
    face, edge, marker = (BLUE, BLUE, "D") if line.significant else ("white", "0.3", "o")
    axes.plot(scale * line.difference, y, marker, markerfacecolor=face, markeredgecolor=edge)
    axes.text(s=_number(line, info), transform=place, **text_x)


def _number(line: Comparison, info: Differences) -> str:
    return number(line.difference, "points", info.settings) + ("*" if line.significant else "")


def _caption(info: Differences) -> str:
    unit, units = info.lines[0].unit, max(c.units for c in info.lines)
    over = {"category": "categories (means over seeds)", "seed": "seeds of the one category"}[unit]
    way = BETTER[better(info.metric)]
    return sentences(
        f"{info.heading}: mean difference of each variant from {info.baseline} over {units} {over}"
        f"{f'; {way}' if way else ''}.",
        f"Bars: {LEVEL:.0%} t interval of the mean (none of a single unit, or where all differ alike).",
        f"Filled diamonds and *: p < {ALPHA:g}, Wilcoxon's signed-rank test, Holm-corrected over "
        f"{counted(info.lines[0].tests, 'distinct test')}.",
        f"Shaded: less than {100 * info.rope:g} points, practically equivalent.",
        *equivalent(info.lines, info.rope),
        *excluded_pairs(info.lines),
        left_out(info.left_out),
        *info.caveats,
    )


def _alt(info: Differences) -> str:
    lines = [
        f"{c.variant} {'no pair' if math.isnan(c.difference) else _number(c, info).replace('*', ' (significant)')}"
        for c in info.lines
    ]
    heading = with_unit(info.heading, info.settings, difference=True)
    return f"{heading}, difference from {info.baseline}: {'; '.join(lines)}."


@registered("study")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield a figure for each of the first `METRICS` metrics."""
    for metric in results.metrics[:METRICS]:
        if (info := differences(results, metric)) is not None:
            yield draw(info)
