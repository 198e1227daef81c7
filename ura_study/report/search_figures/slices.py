"""The value of the first objective of each trial against each parameter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.positions import Positions, crowded
from ura_study.report.drawing.style import TWO, canvas, labels, plain, sentences, shown
from ura_study.report.figures.choice import left_out
from ura_study.report.figures.registry import figure as registered
from ura_study.report.search_figures.common import (
    MARKERS,
    chosen_on,
    marker_of,
    on_axis,
    ranked_keys,
    valued,
    values_of,
)
from ura_study.results.results import Results
from ura_study.search.config import SearchSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ura_study.search.trials import TrialSummary

#: Most parameters that are shown, and most panels side by side.
MOST, ACROSS = 8, 4
#: Most tick labels on an axis.
LEVELS = 12


@dataclass(frozen=True)
class Slices:
    """The content of the figure of a search."""

    label: str
    """Name of the first objective."""
    values: tuple[float, ...]
    looks: tuple[str, ...]
    panels: tuple[tuple[str, Positions], ...]
    """Short name of each parameter, and the position of each trial; NaN if the trial does not have the parameter."""
    left_out: int
    note: str


def slices(
    search: SearchSettings, found: Sequence[TrialSummary], importance: Mapping[str, float] | None
) -> Slices | None:
    """Return the content of the figure, the most important parameters first.

    None if fewer than two trials have values, or no parameter took two values.
    """
    told = [trial for trial in valued(found) if trial.state != "running"]
    keys = ranked_keys(told, importance)
    if len(told) < 2 or not keys:
        return None
    shown_keys = list(keys)[:MOST]
    return Slices(
        label=search.objective[0].label,
        values=values_of(told, 0),
        looks=tuple(map(marker_of, told)),
        panels=tuple((keys[key], on_axis(told, key)) for key in shown_keys),
        left_out=len(keys) - len(shown_keys),
        note=chosen_on(search),
    )


def draw(info: Slices) -> Drawn:
    """Return the figure: a panel for each parameter."""
    across = min(ACROSS, len(info.panels))
    down = math.ceil(len(info.panels) / across)
    with canvas(TWO, 0.3 + 1.6 * down) as figure:
        grid = figure.subplots(down, across, sharey=True, squeeze=False).ravel()
        for axes, (name, there) in zip(grid, info.panels, strict=False):
            _panel(axes, name, there, info)
        for axes in grid[len(info.panels) :]:
            axes.set_visible(False)
        plain(grid[0])
        figure.supylabel(shown(info.label), fontsize=7)
        handles = {label: h for axes in grid for h, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=len(handles))
    return Drawn("search-slices", _caption(info), _alt(info), figure)


def _panel(axes: Axes, name: str, there: Positions, info: Slices) -> None:
    for kind, (marker, face, edge) in MARKERS.items():
        kept = [i for i, found in enumerate(info.looks) if found == kind and not math.isnan(there.positions[i])]
        if kept:
            x, y = [there.positions[i] for i in kept], [info.values[i] for i in kept]
            size = 40 if marker == "*" else 8
            axes.scatter(x, y, s=size, marker=marker, facecolor=face, edgecolor=edge, linewidth=0.7, label=kind)
    step = math.ceil(len(there.ticks) / LEVELS)
    texts = labels(there.labels, 12)[::step]
    turned = crowded(there, texts, 1.3) if step == 1 else True
    axes.set_xticks(there.ticks[::step], texts, rotation=90 if turned else 0, fontsize=5 if turned else 6)
    axes.set_xlim(*there.limits)
    axes.set_xlabel(f"{shown(name, 26)}{' (log)' if there.kind == 'log' else ''}")


def _caption(info: Slices) -> str:
    return sentences(
        f"{info.label} of {len(info.values)} trials against each searched parameter.",
        left_out(info.left_out, "parameter", f"the first {MOST} parameters by importance"),
        info.note,
    )


def _alt(info: Slices) -> str:
    return f"{info.label} of each trial against {', '.join(name for name, _ in info.panels)}."


@registered("search")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield the figure if there are enough trials."""
    search, settings = results.search, results.study.search
    if search is None or settings is None:
        return
    if (info := slices(settings, search.trials, search.importance)) is not None:
        yield draw(info)
