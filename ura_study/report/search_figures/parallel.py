"""Parallel coordinates: a line for each trial through its parameters to its value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ura_study.config import Study
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.places import Places, places
from ura_study.report.drawing.style import BLACK, MAP, TWO, VERMILION, hide, labels, page, sentences, shown
from ura_study.report.figures.choice import left_out
from ura_study.report.search_figures.tried import chosen_on, on_axis, ranked_keys
from ura_study.search.trials import Tried

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Parameters and trials that are shown.
MOST, TRIALS = 8, 300
#: Names on an axis that have room.
LEVELS = 12


@dataclass(frozen=True)
class Parallel:
    """What is drawn of a search."""

    axes: tuple[tuple[str, Places], ...]
    """Parameters, and last the objective, with where each trial stands."""
    best: tuple[bool, ...]
    minimizes: bool
    left_out: tuple[int, int]
    """Parameters and trials that are not shown."""
    note: str


def parallel(study: Study, found: Sequence[Tried], importance: Mapping[str, float] | None) -> Parallel | None:
    """Return what is drawn of a search: its complete trials; None for fewer than two."""
    complete = [trial for trial in found if trial.state == "complete"]
    keys, objective = ranked_keys(complete, importance), study.search.objective[0]
    if len(complete) < 2 or not keys:
        return None
    ranked = sorted(complete, key=lambda t: (not t.best, t.values[0] if objective.minimizes else -t.values[0]))[:TRIALS]
    kept = list(keys)[:MOST]
    columns = [(keys[key], on_axis(ranked, key)) for key in kept]
    return Parallel(
        axes=(*columns, (objective.label, places([trial.values[0] for trial in ranked], ticks=3))),
        best=tuple(trial.best for trial in ranked),
        minimizes=objective.minimizes,
        left_out=(len(keys) - len(kept), len(complete) - len(ranked)),
        note=chosen_on(study.search),
    )


def draw(info: Parallel) -> Drawn:
    """Return the figure: dark and bright lines by value, the best on top."""
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection

    heights = [_heights(there) for _, there in info.axes]
    last = heights[-1]
    with page(TWO, 2.8) as figure:
        axes = figure.subplots()
        hide(axes)
        shades = [1 - y if info.minimizes else y for y in last]
        order = sorted(range(len(last)), key=lambda i: (info.best[i], shades[i]))
        pieces = [(i, piece) for i in order for piece in _pieces([column[i] for column in heights])]
        colours = [VERMILION if info.best[i] else colormaps[MAP](0.95 - 0.95 * shades[i]) for i, _ in pieces]
        widths = [1.8 if info.best[i] else 0.6 for i, _ in pieces]
        axes.add_collection(LineCollection([p for _, p in pieces], colors=colours, linewidths=widths, zorder=1))
        for x, (_, there) in enumerate(info.axes):
            _axis(axes, x, there)
        names = labels([f"{name}{' (log)' if there.kind == 'log' else ''}" for name, there in info.axes], 26)
        axes.set_xticks(range(len(names)), names, rotation=20, ha="right", rotation_mode="anchor")
        axes.set_yticks([])
        axes.set_xlim(-0.1, len(names) - 0.4)
        axes.set_ylim(-0.04, 1.04)
    return Drawn("search-parallel", _caption(info), _alt(info), figure)


def _heights(there: Places) -> list[float]:
    """Return where trials stand between the ends of an axis, 0..1; a single value is in the middle."""
    low, high = min(there.ticks), max(there.ticks)
    return [0.5 + 0 * p if high == low else (p - low) / (high - low) for p in there.positions]


def _pieces(line: Sequence[float]) -> list[list[tuple[int, float]]]:
    """Return a line without the axes on which it has no value: conditional parameters."""
    pieces: list[list[tuple[int, float]]] = [[]]
    for x, y in enumerate(line):
        if math.isnan(y):
            pieces.append([])
        else:
            pieces[-1].append((x, y))
    return [piece for piece in pieces if len(piece) > 1]


def _axis(axes: Axes, x: int, there: Places) -> None:
    low, high = min(there.ticks), max(there.ticks)
    axes.axvline(x, color=BLACK, linewidth=0.6, zorder=2)
    step = math.ceil(len(there.ticks) / LEVELS)
    ends = zip(there.ticks[::step], labels(there.labels, 11)[::step], strict=True)
    for tick, text in ends:
        y = 0.5 if high == low else (tick - low) / (high - low)
        box = {"facecolor": "white", "alpha": 0.75, "pad": 0.6, "linewidth": 0}
        axes.text(x + 0.03, y, shown(text), ha="left", va="center", fontsize=5.5, bbox=box, zorder=3)


def _caption(info: Parallel) -> str:
    return sentences(
        f"Parameters of {len(info.best)} complete trials and their value ({info.axes[-1][0]}); the darker, the better; "
        "thick: the best. A line is broken where a parameter does not apply.",
        left_out(info.left_out[0], "parameter", f"the first {MOST} parameters by importance"),
        left_out(info.left_out[1], "trial", "the best trials"),
        info.note,
    )


def _alt(info: Parallel) -> str:
    return f"Parallel coordinates of {len(info.best)} trials over {', '.join(name for name, _ in info.axes)}."
