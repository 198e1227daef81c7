"""ROC, precision-recall and PRO curves of some variants, averaged over runs at equal abscissae (`metrics.curves`)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ura_study.metrics.curves import IMAGE_CURVES, PIXEL_CURVES
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import STYLES, TWO, canvas, sentences, shown
from ura_study.report.figures.choice import contrasted, unshown
from ura_study.report.figures.registry import figure as registered
from ura_study.results.names import counted
from ura_study.results.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATE, RECALL = "false positive rate", "recall"
#: Title and axes of each panel.
PANELS = {
    "image_roc": ("Image ROC", RATE, "true positive rate"),
    "image_pr": ("Image precision-recall", RECALL, "precision"),
    "pixel_roc": ("Pixel ROC", RATE, "true positive rate"),
    "pixel_pr": ("Pixel precision-recall", RECALL, "precision"),
    "pixel_pro": ("Per-region overlap", RATE, "mean overlap of regions"),
}


@dataclass(frozen=True, eq=False)
class Panel:
    """One kind of curve."""

    lines: Mapping[str, np.ndarray]
    """Variant → mean curve (K,), 0..1, at K equally spaced abscissae."""
    categories: tuple[str, ...]
    """Categories in the means: every variant of `lines` has at least one run with a curve on each."""


@dataclass(frozen=True)
class Curves:
    """The content of the figure."""

    panels: Mapping[str, Panel]
    categories: int
    """Number of all categories of the study."""
    seeds: int
    partial: bool
    """Whether some mean is over fewer seeds than the study has."""
    limit: float
    """False positive rate at which the PRO panel ends."""
    unshown: str
    caveats: tuple[str, ...]


def curves(results: Results) -> Curves | None:
    """Return the curves of the baseline and of the variants to contrast with it; None if there are none to draw.

    A mean is taken over the seeds of each category first, then over the categories that all variants shown have.
    """
    found = {name: _of(results, name) for name in contrasted(results, len(STYLES))}
    found = {name: of_variant for name, of_variant in found.items() if of_variant}
    panels = {}
    for kind in (*IMAGE_CURVES, *PIXEL_CURVES):
        of_kind = {name: of_variant[kind] for name, of_variant in found.items() if kind in of_variant}
        common = [c for c in results.plan.categories if of_kind and all(c in by for by in of_kind.values())]
        if common:
            lines = {name: np.mean([by[c] for c in common], axis=0) for name, by in of_kind.items()}
            panels[kind] = Panel(lines, tuple(common))
    if not panels:
        return None
    used = {(name, c) for panel in panels.values() for name in panel.lines for c in panel.categories}
    return Curves(
        panels=panels,
        categories=len(results.plan.categories),
        seeds=len(results.plan.seeds),
        partial=any(results.details(*of, seed) is None for of in used for seed in results.plan.seeds),
        limit=results.study.evaluation.fpr_limit,
        unshown=unshown(results, found),
        caveats=results.caveats,
    )


def _of(results: Results, variant: str) -> dict[str, dict[str, np.ndarray]]:
    """Return kind of curve → category → mean over seeds (K,) of a variant."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for category in results.plan.categories:
        left = [results.details(variant, category, seed) for seed in results.plan.seeds]
        kept = [details.curves for details in left if details is not None]
        for kind in {kind for curves in kept for kind in curves}:
            found.setdefault(kind, {})[category] = np.mean([of[kind] for of in kept if kind in of], axis=0)
    return found


def draw(info: Curves) -> Drawn:
    """Return the figure: curves at image level above, at pixel level below, and the legend in the free panel."""
    levels = [level for level in (IMAGE_CURVES, PIXEL_CURVES) if any(kind in info.panels for kind in level)]
    across = max(len(level) for level in levels) + (len(levels) == 1)
    with canvas(TWO, 2.2 * len(levels)) as figure:
        grid = figure.subplots(len(levels), across, squeeze=False)
        for row, level in zip(grid, levels, strict=True):
            for axes, kind in zip(row, level, strict=False):
                _panel(axes, kind, info)
        for axes in grid.ravel():
            if not axes.has_data():
                axes.set_axis_off()
        handles, names = next(axes for axes in grid.ravel() if axes.has_data()).get_legend_handles_labels()
        grid[0, -1].legend(handles, names, loc="center left")
    return Drawn("curves", _caption(info), _alt(info), figure)


def _panel(axes: Axes, kind: str, info: Curves) -> None:
    if (panel := info.panels.get(kind)) is None:
        return
    title, across, up = PANELS[kind]
    limit = info.limit if kind == "pixel_pro" else 1.0
    order = {name: i for i, name in enumerate(_names(info))}
    for name, values in panel.lines.items():
        colour, _, dashes = STYLES[order[name]]
        at = np.linspace(0, limit, len(values))
        axes.plot(at, values, color=colour, linestyle=dashes, label=shown(name, 26))
    lowest = min(0.9, math.floor(10 * min(values.min() for values in panel.lines.values())) / 10)
    axes.set(title=title, xlabel=across, ylabel=up, xlim=(0, limit), ylim=(lowest, 1 + 0.02 * (1 - lowest)))


def _names(info: Curves) -> list[str]:
    return list(dict.fromkeys(name for panel in info.panels.values() for name in panel.lines))


def _caption(info: Curves) -> str:
    sizes = {len(panel.categories) for panel in info.panels.values()}
    fewest, most = min(sizes), max(sizes)
    some = f"{fewest if fewest == most else f'{fewest} to {most}'} of " if fewest < info.categories else ""
    regions = f", precision-recall and per-region overlap (up to a false positive rate of {info.limit:g})"
    return sentences(
        f"ROC{regions if 'pixel_pro' in info.panels else ' and precision-recall'} on test images, averaged at equal "
        f"{RATE} or {RECALL} over {'up to ' if info.partial else ''}{counted(info.seeds, 'seed')} and then over "
        f"{some}{counted(info.categories, 'category')}.",
        "A curve has only the categories in which it is defined for all variants shown."
        if fewest < info.categories
        else "",
        info.unshown,
        *info.caveats,
    )


def _alt(info: Curves) -> str:
    def area(kind: str, panel: Panel) -> str:
        means = (f"{name} {100 * float(np.mean(values)):.1f} %" for name, values in panel.lines.items())
        return f"{PANELS[kind][0]}, mean height: {', '.join(means)}"

    return f"Curves of {counted(len(_names(info)), 'variant')}. " + ". ".join(
        area(kind, panel) for kind, panel in info.panels.items()
    )


@registered("study")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield the figure if there are curves."""
    if (info := curves(results)) is not None:
        yield draw(info)
