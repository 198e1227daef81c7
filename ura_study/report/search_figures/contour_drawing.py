"""The surface, bands or cells of an objective over two parameters, with the trials on it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ura_study.report.drawing import cells, share_bars
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.places import Places, crowded
from ura_study.report.drawing.style import BLACK, BRIGHT, MAP, ONE, VERMILION, labels, page, sentences, shown
from ura_study.report.search_figures import contour_cells
from ura_study.report.search_figures.contour import Contour
from ura_study.results.names import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

#: Steps of the colours.
STEPS = 9
#: Name → marker, face and edge of a trial's point, seen on bright and on dark ground.
LOOKS = {
    "complete": ("o", BLACK, "white"),
    "beyond a limit": ("o", "white", BLACK),
    "pruned": ("^", "white", BLACK),
    "best": ("*", VERMILION, BLACK),
}


def draw(info: Contour) -> Drawn:
    """Return the figure."""
    with page(ONE, contour_cells.height(info) if info.kind == "cells" else 2.7) as figure:
        axes = figure.subplots()
        if info.kind == "cells":
            cells.legend(figure, contour_cells.draw(axes, info))
        else:
            scale = _surface(axes, info) if info.kind == "surface" else _bands(axes, info)
            bar = figure.colorbar(scale, ax=axes, pad=0.02, aspect=30)
            bar.set_label(shown(info.label))
            bar.outline.set_visible(False)
            _points(axes, info)
            _ticks(axes, info)
            handles, names = axes.get_legend_handles_labels()
            figure.legend(handles, names, loc="outside upper center", ncols=4)
        for axis, name, there in zip((axes.xaxis, axes.yaxis), info.names, info.axes, strict=True):
            axis.set_label_text(f"{shown(name, 30)}{' (log)' if there.kind == 'log' else ''}")
    return Drawn("search-contour", _caption(info), _alt(info), figure)


def _steps(info: Contour) -> list[float]:
    """Return the ends of the colours' steps: round numbers around all values of the surface."""
    from matplotlib.ticker import MaxNLocator

    low, high = cells.limits(value for _, _, value in info.corners)
    return [float(tick) for tick in MaxNLocator(STEPS, min_n_ticks=2).tick_values(low, high)]


def _map(info: Contour) -> str:
    return f"{MAP}_r" if info.minimizes else MAP


def _surface(axes: Axes, info: Contour) -> ScalarMappable:
    from matplotlib.tri import Triangulation

    x, y, value = zip(*info.corners, strict=True)
    filled = axes.tricontourf(Triangulation(x, y, info.triangles), value, levels=_steps(info), cmap=_map(info))
    filled.set_edgecolor("face")  # else viewers show seams between the steps
    return filled


def _bands(axes: Axes, info: Contour) -> ScalarMappable:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm

    steps = _steps(info)
    scale = ScalarMappable(BoundaryNorm(steps, 256), _map(info))
    for level in info.axes[1].ticks:
        line = sorted((x, value) for x, y, value in info.corners if y == level)
        if len(line) > 1:
            x, value = zip(*line, strict=True)
            ends = (level - 0.4, level + 0.4)
            filled = axes.contourf(x, ends, [value, value], levels=steps, cmap=scale.cmap, norm=scale.norm)
            filled.set_edgecolor("face")
    return scale


def _points(axes: Axes, info: Contour) -> None:
    for kind, (marker, face, edge) in LOOKS.items():
        kept = [i for i, found in enumerate(info.looks) if found == kind]
        if kept:
            x, y = ([there.positions[i] for i in kept] for there in info.axes)
            size = 60 if marker == "*" else 11
            axes.scatter(
                x, y, s=size, marker=marker, facecolor=face, edgecolor=edge, linewidth=0.6, label=kind, zorder=3
            )


def _ticks(axes: Axes, info: Contour) -> None:
    across, up = info.axes
    texts = labels(across.labels, 12)
    axes.set_xticks(across.ticks, texts, rotation=90 if crowded(across, texts, 2.1) else 0)
    axes.set_yticks(up.ticks, labels(up.labels, 12))
    axes.set_xlim(*across.limits)
    axes.set_ylim(*((-0.6, len(up.ticks) - 0.4) if info.kind == "bands" else up.limits))


def _caption(info: Contour) -> str:
    pruned = len(info.looks) - info.complete
    which = "the two searched parameters" if info.of == 2 else "the two most important parameters"
    over = f"{info.label} over {which}, {info.names[0]} and {info.names[1]}: "
    trials = f"{info.complete} complete trials"
    between = {
        "surface": f"linear between {trials}, and nothing outside of them",
        "bands": f"linear between {trials} along each band, and nothing outside of them",
        "cells": f"mean of {trials}, n in each cell; *: the best trial",
    }
    return sentences(
        f"{over}{between[info.kind]}; {BRIGHT[-1 if info.minimizes else 1]}.",
        _effects(info),
        "The other parameters differ from trial to trial." if info.of > 2 else "",
        f"{counted(pruned, 'pruned trial')} not used." if pruned else "",
        "The first of several objectives." if info.objectives > 1 else "",
        info.note,
    )


def _effects(info: Contour) -> str:
    texts = [f"{share_bars.named(effect, info.names)} {100 * effect.share:.0f} %" for effect in info.shares]
    return f"Shares of the sum of squares over the cells: {', '.join(texts)} (noise included)." if texts else ""


def _alt(info: Contour) -> str:
    x, y, value = (min if info.minimizes else max)(info.corners, key=lambda corner: corner[2])
    at = ", ".join(f"{n}={_read(p, there)}" for n, p, there in zip(info.names, (x, y), info.axes, strict=True))
    over = f"{info.label} over {info.names[0]} and {info.names[1]}"
    return f"{over}; the best of {info.complete} trials is {value:.4g} at {at}."


def _read(position: float, there: Places) -> str:
    """Return the value at a position of an axis."""
    if there.kind == "names":
        return there.labels[math.floor(position)]
    return f"{10**position if there.kind == 'log' else position:.3g}"
