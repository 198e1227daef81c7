"""Means of metrics against the values of one swept key, with standard deviations over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ura_study.report.config import ReportSettings
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.positions import Positions, crowded, positions
from ura_study.report.drawing.style import (
    BLACK,
    BLUE,
    GREY,
    ONE,
    TWO,
    canvas,
    factor,
    labels,
    plain,
    sentences,
    with_unit,
    wrapped,
)
from ura_study.report.figures.choice import PANELS, left_out
from ura_study.report.figures.registry import figure as registered
from ura_study.results.cell import Cell
from ura_study.results.frame import lookup, setting
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.study.names import readable
from ura_study.study.plan import BASELINE, Variant
from ura_study.tables.ablation_tables import in_order
from ura_study.tables.asked import headings, variants_of, with_baseline
from ura_study.tables.sheet import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Panel:
    """The panel of one metric."""

    heading: str
    cells: tuple[Cell, ...]
    """A cell for each value of the key, with the mean over categories for each seed."""
    baseline: Cell


@dataclass(frozen=True)
class Sweep:
    """The content of the figure of one key."""

    ablation: str
    key: str
    """Its short name."""
    variants: tuple[str, ...]
    """In ascending order of the values if these are numbers, otherwise in the order of the ablation."""
    places: Positions
    at: int | None
    """Index of the variant with the settings of `full`; None if its value is not on the axis."""
    panels: tuple[Panel, ...]
    left_out: int
    """Number of metrics that are not shown."""
    seeds: int
    categories: int
    caveats: tuple[str, ...]
    settings: ReportSettings


def sweeps(results: Results) -> Iterator[Sweep]:
    """Yield the content of the figure of each swept key if, in some metric, two of its values have a complete mean."""
    for name, ablation in results.study.ablations.items():
        for key in ablation.sweep or ():
            sweep = _sweep(results, name, key)
            if any(sum(cell.complete for cell in panel.cells) > 1 for panel in sweep.panels):
                yield sweep


def _sweep(results: Results, name: str, key: str) -> Sweep:
    variants = [v for v in variants_of(results, results.study.ablations[name]) if tuple(v.changes) == (key,)]
    variants = in_order(with_baseline(results, variants), (key,))
    values = [_value(v, key) for v in variants]
    kept = [i for i, value in enumerate(values) if value is not None]
    base = next(v.settings for v in results.plan.variants if v.name == BASELINE)
    names = tuple(variants[i].name for i in kept)
    return Sweep(
        ablation=name,
        key=headings(results, [key])[0],
        variants=names,
        places=positions([values[i] for i in kept], ticks=8, apart=0.05),
        at=next((n for n, i in enumerate(kept) if variants[i].settings == base), None),
        panels=tuple(_panel(results, metric, names) for metric in results.metrics[:PANELS]),
        left_out=len(results.metrics[PANELS:]),
        seeds=len(results.plan.seeds),
        categories=len(results.plan.categories),
        caveats=results.caveats,
        settings=results.study.report,
    )


def _value(variant: Variant, key: str) -> object:
    """Return the value of a key in a variant, as `positions` takes it; None if `full` has no value."""
    settings = variant.settings.model_dump(mode="json")
    value = lookup(settings, key)
    if isinstance(value, dict):  # as written in the study file, without defaults
        return readable(variant.changes[key]) if key in variant.changes else f"{setting(settings, key)} ({BASELINE})"
    return "none" if value is None and variant.name != BASELINE else value


def _panel(results: Results, metric: str, names: Sequence[str]) -> Panel:
    measured = results.aggregates[metric]
    cells = tuple(measured.mean(name) for name in names)
    return Panel(results.title(metric), cells, measured.mean(BASELINE))


def draw(info: Sweep) -> Drawn:
    """Return the figure: a panel for each metric, all with the same axis of values."""
    across = min(2, len(info.panels))
    down = math.ceil(len(info.panels) / across)
    names = labels(info.places.labels, 32)
    turned = crowded(info.places, names, 2.8 if across > 1 else 2.6)
    height = 1.5 * down + 0.4 + (0.05 * max(map(len, names)) if turned else 0)
    with canvas(TWO if across > 1 else ONE, height) as figure:
        grid = figure.subplots(down, across, sharex=True, squeeze=False).ravel()
        for axes, panel in zip(grid, info.panels, strict=False):
            _curve(axes, panel, info)
        for axes in grid[len(info.panels) :]:
            axes.set_visible(False)
        for i, axes in enumerate(grid):
            axes.set_xticks(info.places.ticks, names, rotation=90 if turned else 0)
            axes.tick_params(axis="x", labelbottom=i + across >= len(info.panels))
            axes.set_xlim(*info.places.limits)
        scale = " (logarithmic)" if info.places.kind == "log" else ""
        figure.supxlabel(f"{info.key}{scale}", fontsize=7)
    return Drawn(f"sweep-{info.ablation}-{info.key}", _caption(info), _alt(info), figure)


def _curve(axes: Axes, panel: Panel, info: Sweep) -> None:
    scale, x = factor(info.settings), info.places.positions
    mean = [scale * cell.mean for cell in panel.cells]
    spread = [scale * (0 if math.isnan(cell.std) else cell.std) for cell in panel.cells]
    low, high = ([m + sign * s for m, s in zip(mean, spread, strict=True)] for sign in (-1, 1))
    if info.places.kind == "names":  # no line between names
        axes.errorbar(x, mean, spread, fmt="o", color=BLUE, elinewidth=0.8, capsize=2)
    else:
        axes.fill_between(x, low, high, color=BLUE, alpha=0.2, linewidth=0)
        axes.plot(x, mean, "o-", color=BLUE)
    if panel.baseline.complete:
        axes.axhline(scale * panel.baseline.mean, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    if info.at is not None:
        axes.plot(x[info.at], mean[info.at], "*", color=BLACK, markersize=7, zorder=3)
    axes.set_ylabel(wrapped(with_unit(panel.heading, info.settings), 1.4))
    plain(axes)


def _caption(info: Sweep) -> str:
    over = f"mean over {counted(info.categories, 'category')}"
    band = "bars" if info.places.kind == "names" else "band"
    empty = sum(not cell.complete for panel in info.panels for cell in panel.cells)
    return sentences(
        f"{', '.join(with_unit(p.heading, info.settings) for p in info.panels)} against {info.key}: {over} and "
        f"{counted(info.seeds, 'seed')}"
        + (f"; {band}: ± one standard deviation over seeds." if info.seeds > 1 else "."),
        f"Star and dotted line: the baseline ({BASELINE})." if info.at is not None else f"Dotted line: {BASELINE}.",
        f"{counted(empty, 'point')} missing: failed, missing or undefined runs." if empty else "",
        left_out(info.left_out, "metric", f"the first {PANELS} metrics"),
        *info.caveats,
    )


def _alt(info: Sweep) -> str:
    def text(panel: Panel) -> str:
        points = (
            f"{name} {number(cell.mean, 'share', info.settings) if cell.complete else 'no value'}"
            for name, cell in zip(info.variants, panel.cells, strict=True)
        )
        return f"{with_unit(panel.heading, info.settings)}: {', '.join(points)}"

    return f"Curves over {info.key}. {'. '.join(map(text, info.panels))}."


@registered("study")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield a figure for each swept key with enough numbers."""
    yield from map(draw, sweeps(results))
