"""The critical-difference diagram: mean ranks of variants over categories, and which of them Nemenyi's test separates.

Demšar, Statistical comparisons of classifiers over multiple data sets, JMLR 2006, section 3.2: each category ranks the
variants (means over seeds; 1 is the best, ties share a mean rank). Friedman's test says whether ranks differ at all.
Two variants differ if their mean ranks do by more than the critical difference; a bar joins those that do not.

The test needs about ten categories (same section). Variants that are equal on every category are one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ura_study.metrics.names import better
from ura_study.report.config import ReportSettings
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import BLACK, TWO, canvas, labels, sentences
from ura_study.report.figures.choice import METRICS, MOST
from ura_study.report.figures.registry import figure as registered
from ura_study.results.comparison import DECIMALS
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.results.statistics import ALPHA
from ura_study.tables.sheet import number

#: Fewest categories, and fewest variants that differ, with a diagram.
CATEGORIES, VARIANTS = 10, 3
#: Height above the axis at which the critical difference is drawn, in rows.
ABOVE = 1.8


@dataclass(frozen=True, eq=False)
class Ranks:
    """The content of the diagram of one metric."""

    metric: str
    heading: str
    names: tuple[str, ...]
    """The variants shown."""
    ranks: np.ndarray
    """(variants,) mean ranks, 1 is the best."""
    p_values: Any
    """Nemenyi's test, a data frame (variants, variants)."""
    critical: float
    """The critical difference of mean ranks at the level `ALPHA`."""
    p: float
    """Friedman's test."""
    categories: int
    """Number of categories that rank the variants."""
    equal: tuple[str, ...]
    """Variants that equal one that is shown on every category."""
    oracles: tuple[str, ...]
    """Variants that are told the true masks, and are not ranked."""
    caveats: tuple[str, ...]


def ranks(results: Results, metric: str) -> Ranks | None:
    """Return the content of the diagram of one metric; None if there is an `obstacle`."""
    if obstacle(results, metric):
        return None
    columns, equal, categories = _distinct(results, metric)
    count = len(columns)
    import scikit_posthocs
    from scipy import stats

    scores = np.array(list(columns.values())).T * better(metric)  # (categories, variants), larger is better
    studentized = float(stats.studentized_range.ppf(1 - ALPHA, count, np.inf))
    return Ranks(
        metric=metric,
        heading=results.title(metric),
        names=tuple(columns),
        ranks=stats.rankdata(-scores, axis=1).mean(axis=0),
        p_values=scikit_posthocs.posthoc_nemenyi_friedman(scores),
        critical=studentized / math.sqrt(2) * math.sqrt(count * (count + 1) / (6 * categories)),
        p=float(stats.friedmanchisquare(*scores.T).pvalue),
        categories=categories,
        equal=equal,
        oracles=tuple(variant.name for variant in results.plan.variants if variant.settings.model.oracle),
        caveats=results.caveats,
    )


def obstacle(results: Results, metric: str) -> str:
    """Return why there is no diagram of a metric; "" if there is one."""
    columns, _, categories = _distinct(results, metric)
    if categories < CATEGORIES:
        return f"{CATEGORIES} categories on which all variants are known are needed, and there are {categories}"
    if not VARIANTS <= len(columns) <= MOST:
        return f"{VARIANTS} to {MOST} variants that differ are needed, and there are {len(columns)}"
    return ""


def undrawn(results: Results) -> str:
    """Return the sentences on metrics that have no diagram, and why; "" if there are fewer than three variants."""
    reasons: dict[str, list[str]] = {}
    for metric in _metrics(results):
        if found := obstacle(results, metric):
            reasons.setdefault(found, []).append(results.title(metric))
    return " ".join(
        f"No critical-difference diagram of {', '.join(titles)}: {reason}." for reason, titles in reasons.items()
    )


def draw(info: Ranks) -> Drawn:
    """Return the diagram: names on both sides of an axis of mean ranks, below it a bar for each group not separated."""
    import scikit_posthocs

    names = labels(info.names, 36)
    matrix = info.p_values.set_axis(names, axis=0).set_axis(names, axis=1)
    with canvas(TWO, 1.0 + 0.1 * len(names)) as figure:
        axes = figure.subplots()
        axes.spines["top"].set_visible(True)
        axes.spines["bottom"].set_visible(False)
        artists = scikit_posthocs.critical_difference_diagram(
            dict(zip(names, info.ranks.tolist(), strict=True)),
            matrix,
            alpha=ALPHA,
            ax=axes,
            label_fmt_left="{label} ({rank:.2f})",
            label_fmt_right="({rank:.2f}) {label}",
            text_h_margin=0.1,
            elbow_props={"color": "0.3", "linewidth": 0.8},
            marker_props={"color": BLACK, "s": 8},
            crossbar_props={"linewidth": 2},
        )
        for (bar,) in artists["crossbars"]:  # its points come in the order of a set: not the same bytes each time
            bar.set_data([bar.get_xdata().min(), bar.get_xdata().max()], bar.get_ydata()[:2])
        ends = info.ranks.min() + np.array([0, info.critical])
        axes.plot(ends, [ABOVE, ABOVE], "|-", color=BLACK)
        axes.text(ends[1], ABOVE, f"  CD = {info.critical:.2f}", va="center", ha="left")
    return Drawn(f"ranks-{info.metric}", _caption(info), _alt(info), figure)


def _metrics(results: Results) -> list[str]:
    """Return the metrics for which a diagram is to be expected."""
    if len(results.plan.variants) < VARIANTS:
        return []
    return [metric for metric in results.metrics[:METRICS] if better(metric)]


def _distinct(results: Results, metric: str) -> tuple[dict[str, tuple[float, ...]], tuple[str, ...], int]:
    """Return variant → means on all categories on which all are known; the names of equals of these; the categories."""
    cells, names = (
        results.aggregates[metric].cells,
        [v.name for v in results.plan.variants if not v.settings.model.oracle],
    )
    means = np.array([[cells[name, category].mean for category in results.plan.categories] for name in names])
    means = np.round(means[:, ~np.isnan(means).any(axis=0)], DECIMALS)
    first: dict[tuple[float, ...], str] = {}
    for name, row in zip(names, means.tolist(), strict=True):
        first.setdefault(tuple(row), name)
    equal = tuple(name for name in names if name not in first.values())
    return {name: row for row, name in first.items()}, equal, means.shape[1]


def _caption(info: Ranks) -> str:
    return sentences(
        f"{info.heading}: mean ranks of {counted(len(info.names), 'variant')} over {info.categories} categories (means "
        "over seeds), 1 is the best. Bars join variants that Nemenyi's test does not separate: their ranks differ by "
        f"less than the critical difference (CD, level {ALPHA:g}).",
        f"Friedman's test: p {'' if info.p < 0.001 else '= '}{number(info.p, 'p', ReportSettings())}.",
        f"Equal to one of these on every category: {', '.join(info.equal)}." if info.equal else "",
        f"Not ranked, as told the true masks: {', '.join(info.oracles)}." if info.oracles else "",
        *info.caveats,
    )


def _alt(info: Ranks) -> str:
    order = np.argsort(info.ranks, kind="stable")
    listed = "; ".join(f"{info.names[i]} {info.ranks[i]:.2f}" for i in order)
    heading = f"{info.heading}, mean ranks over {info.categories} categories"
    return f"{heading}: {listed}. Critical difference {info.critical:.2f}."


@registered("study")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield a diagram for each of the first `METRICS` metrics."""
    for metric in _metrics(results):
        if (info := ranks(results, metric)) is not None:
            yield draw(info)
