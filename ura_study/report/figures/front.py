"""Quality against latency: the Pareto front of the variants."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ura_study.metrics.names import better
from ura_study.report.config import ReportSettings
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.fonts import dress
from ura_study.report.drawing.numbering import number_points
from ura_study.report.drawing.style import (
    BLUE,
    GREY,
    TWO,
    VERMILION,
    canvas,
    factor,
    labels,
    plain,
    sentences,
    with_unit,
)
from ura_study.report.figures.choice import FRONTS, METRICS, left_out
from ura_study.report.figures.registry import figure as registered
from ura_study.results.aggregate import aggregate
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.tables.sheet import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most variants that are named beside the plot.
NAMED = 26
SHARED = "score_ms_per_image"
SHARED_NOTE = "Scoring without the frozen backbone, taken while other runs shared the machine; see ura-study latency."


@dataclass(frozen=True)
class Point:
    """One variant."""

    variant: str
    latency: float
    """Milliseconds per image: the median that was measured alone, or the mean over categories and seeds."""
    quality: float
    """The metric as a fraction, mean over categories and seeds."""
    best: bool
    """Whether the variant is on the Pareto front: none is at least as good in both and better in one."""


@dataclass(frozen=True)
class Front:
    """The content of the figure of one metric."""

    metric: str
    heading: str
    baseline: str
    points: tuple[Point, ...]
    """Sorted by latency."""
    left_out: tuple[str, ...]
    """Variants without a complete mean of latency or of the metric."""
    seeds: int
    categories: int
    measured: str
    """What `ura-study latency` measured latency on; "" where it is what runs took that shared the machine."""
    caveats: tuple[str, ...]
    settings: ReportSettings


def front(results: Results, metric: str) -> Front | None:
    """Return the content of the figure of one metric.

    None if fewer than two variants have both numbers, or neither large nor small values of the metric are better.
    """
    way, names = better(metric), distinct(results)
    latency, measured = latency_of(results, names)
    both = {name: (latency[name], results.aggregates[metric].mean(name).mean) for name in names}
    known = {name: pair for name, pair in both.items() if not any(map(math.isnan, pair))}
    if len(known) < 2 or way == 0:
        return None
    best = non_dominated([(ms, -way * quality) for ms, quality in known.values()])
    points = (Point(name, *known[name], is_best) for name, is_best in zip(known, best, strict=True))
    return Front(
        metric=metric,
        heading=results.title(metric),
        baseline=results.baseline,
        points=tuple(sorted(points, key=lambda p: (p.latency, -way * p.quality))),
        left_out=tuple(name for name in names if name not in known),
        seeds=len(results.plan.seeds),
        categories=len(results.plan.categories),
        measured=measured,
        caveats=results.caveats,
        settings=results.study.report,
    )


def latency_of(results: Results, names: Sequence[str]) -> tuple[dict[str, float], str]:
    """Return the milliseconds per image of variants, NaN where unknown, and the machine that measured them alone.

    Where fewer than two of them were measured, they are those of runs that shared the machine, and the text is empty.
    """
    found = {name: results.latencies[name] for name in names if name in results.latencies}
    if len(found) < 2:
        shared = aggregate(results.plan, results.records, lambda record: record.timings.get(SHARED))
        return {name: shared.mean(name).mean for name in names}, ""
    known = {name: one.network[1].median for name, one in found.items()}
    return {name: known.get(name, math.nan) for name in names}, next(iter(found.values())).machine.said


def distinct(results: Results) -> list[str]:
    """Return the names of the variants in the order of the plan, one of those with the same runs.

    It is the baseline if it is among them, otherwise the first in the plan.
    """
    first: dict[tuple[str, ...], str] = {}
    for name, ids in results.plan.ids.items():
        if name == results.baseline or ids not in first:
            first[ids] = name
    return [variant.name for variant in results.plan.variants if variant.name in first.values()]


def non_dominated(costs: Sequence[tuple[float, float]]) -> list[bool]:
    """Tell for each pair of costs whether no other pair is at most as large in both and smaller in one."""
    return [not any(c <= a and d <= b and (c, d) != (a, b) for c, d in costs) for a, b in costs]


def draw(info: Front) -> Drawn:
    """Return the figure: numbered points, those of the front filled and joined, and a list of numbers and names."""
    scale, best = factor(info.settings), [p for p in info.points if p.best]
    named = _named(info)
    with canvas(TWO, max(2.6, 0.13 * len(named) + 0.5)) as figure:
        axes, key = figure.subplots(1, 2, width_ratios=(1.5, 1))
        line = {"drawstyle": "steps-post", "linestyle": "--", "color": VERMILION, "linewidth": 0.8, "zorder": 1}
        axes.plot([p.latency for p in best], [scale * p.quality for p in best], **line)
        for points, look in (
            ([p for p in info.points if not p.best], {"marker": "o", "facecolor": "white", "edgecolor": BLUE}),
            (best, {"marker": "D", "facecolor": VERMILION, "edgecolor": VERMILION}),
        ):
            axes.scatter([p.latency for p in points], [scale * p.quality for p in points], s=14, zorder=2, **look)
        base = next((p for p in info.points if p.variant == info.baseline), None)
        if base is not None:
            axes.scatter(base.latency, scale * base.quality, s=70, facecolor="none", edgecolor=GREY, zorder=0)
        axes.set_xlabel("latency of one image (ms)" if info.measured else "scoring per image (ms)")
        axes.set_ylabel(with_unit(info.heading, info.settings))
        axes.margins(0.08)
        axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= scale])  # a metric is at most 1
        plain(axes, "both")
        _key(key, named)
        dress(figure)
        figure.draw_without_rendering()
        numbers = {p.variant: str(i) for i, p in enumerate(named, start=1)}
        number_points(axes, [(p.latency, scale * p.quality, numbers.get(p.variant, "")) for p in info.points])
    return Drawn(f"pareto-{info.metric}", _caption(info, named), _alt(info), figure)


def _named(info: Front) -> list[Point]:
    """Return at most `NAMED` points to number: all if there is room, otherwise the baseline and the front."""
    if len(info.points) <= NAMED:
        return list(info.points)
    return [p for p in info.points if p.best or p.variant == info.baseline][:NAMED]


def _key(axes: Axes, named: Sequence[Point]) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(max(len(named), 16) + 0.5, 0.5)
    for i, (point, name) in enumerate(zip(named, labels([p.variant for p in named], 34), strict=True), start=1):
        weight = "bold" if point.best else "normal"
        axes.text(0.07, i, str(i), ha="right", va="center", fontsize=6, fontweight=weight)
        axes.text(0.1, i, name, ha="left", va="center", fontsize=6, fontweight=weight)


def _caption(info: Front, named: Sequence[Point]) -> str:
    ring = f" Grey ring: {info.baseline}." if any(p.variant == info.baseline for p in info.points) else ""
    return sentences(
        f"{info.heading} against the time to score an image: means over {counted(info.categories, 'category')} and "
        f"{counted(info.seeds, 'seed')}.",
        f"Filled diamonds, joined: variants that no other one beats in both.{ring}",
        f"Latency: median from a decoded image to its score, backbone included, alone on {info.measured}."
        if info.measured
        else SHARED_NOTE,
        left_out(len(info.points) - len(named), "name", "all variants, and the names of the baseline and the front"),
        f"Without a complete mean: {counted(len(info.left_out), 'variant')}." if info.left_out else "",
        *info.caveats,
    )


def _alt(info: Front) -> str:
    points = (
        f"{p.variant} {p.latency:.3g} ms, {number(p.quality, 'share', info.settings)}" for p in info.points if p.best
    )
    return f"{with_unit(info.heading, info.settings)} against milliseconds per image; the front: {'; '.join(points)}."


@registered("study")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield a figure for the first `FRONTS` metrics with a better direction, among the first `METRICS`."""
    for metric in [name for name in results.metrics[:METRICS] if better(name)][:FRONTS]:
        if (info := front(results, metric)) is not None:
            yield draw(info)
