"""A grid as tables of coloured cells, with bars of the shares of variance below them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ura_study.metrics.names import better
from ura_study.report.drawing import cells, share_bars
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import (
    BLACK,
    BRIGHT,
    ONE,
    TWO,
    canvas,
    hide,
    labels,
    sentences,
    shown,
    with_unit,
)
from ura_study.report.figures.choice import METRICS
from ura_study.report.figures.grids import Grid, grids
from ura_study.report.figures.registry import figure as registered
from ura_study.results.cell import Cell
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.study.plan import BASELINE
from ura_study.tables.sheet import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most cells side by side, and most characters of the names beside them, in a figure of one column.
FEW, SHORT = 6, 12
#: Most rows with room for standard deviations.
ROOMY = 12


def draw(info: Grid) -> Drawn:
    """Return the figure: one table, or one for each value of the third key, and bars below."""
    width, room = _widths(info)
    rows, bars = len(info.levels[0]), len(info.shares)
    above, below = (0.28 if _spread(info) else 0.2) * rows, 0.14 * bars
    with canvas(width, above + below + 0.75 + (0.5 if bars else 0)) as figure:
        ratios = (above, below) if bars else (above,)
        layout = figure.add_gridspec(len(ratios), len(info.cells), height_ratios=ratios)
        for p in range(len(info.cells)):
            _table(figure.add_subplot(layout[0, p]), info, p, room)
        if bars:
            share_bars.draw(figure.add_subplot(layout[1, :]), info.shares, info.keys)
        cells.legend(figure, _blanks(info))
    return Drawn(f"grid-{info.ablation}-{info.metric}", _caption(info), _alt(info), figure)


def _widths(info: Grid) -> tuple[float, float]:
    """Return the width of the figure in inches, and the width of a cell in points (1/72 in)."""
    across, beside = len(info.levels[1]) * len(info.cells), max(map(len, labels(info.levels[0], 24)))
    width = ONE if across <= FEW and beside <= SHORT else TWO
    return width, (72 * width - 3.8 * beside - 24 - 12 * len(info.cells)) / across


def _spread(info: Grid) -> bool:
    return info.seeds > 1 and len(info.levels[0]) <= ROOMY


def _table(axes: Axes, info: Grid, p: int, room: float) -> None:
    squares = []
    for y, line in enumerate(info.cells[p]):
        for x, cell in enumerate(line):
            if (kind := cells.blank(cell)) is not None:
                cells.hatch(axes, kind, x, y)
            else:
                squares.append(cells.Square(x, y, cell.mean, _text(cell, info)))
    if squares:
        size = cells.fitting([square.text for square in squares], 0.9 * room)
        cells.paint(axes, squares, cells.limits(cell.mean for cell in _all(info)), better(info.metric), size)
    if info.baseline is not None and info.baseline[0] == p:
        _frame(axes, info.baseline[2], info.baseline[1])
    hide(axes)
    names = labels(info.levels[1], 24)
    slanted: dict[str, Any] = (
        {"rotation": 45, "ha": "left", "rotation_mode": "anchor"} if 3.8 * max(map(len, names)) > room else {}
    )
    axes.set_xticks([x + 0.5 for x in range(len(names))], names, **slanted)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(shown(info.keys[1]))
    axes.set_yticks([y + 0.5 for y in range(len(info.levels[0]))], labels(info.levels[0], 24) if p == 0 else [])
    axes.set_ylabel(shown(info.keys[0]) if p == 0 else "")
    axes.set_xlim(0, len(info.levels[1]))
    axes.set_ylim(len(info.levels[0]), 0)
    if len(info.keys) > 2:
        axes.set_title(shown(f"{info.keys[2]}={info.levels[2][p]}"))


def _text(cell: Cell, info: Grid) -> str:
    mean = number(cell.mean, "share", info.settings)
    return f"{mean}\n±{number(cell.std, 'share', info.settings)}" if _spread(info) else mean


def _frame(axes: Axes, x: int, y: int) -> None:
    """Draw a frame around a cell, visible on dark and on bright colours."""
    from matplotlib.patches import Rectangle

    for colour, width in (("white", 2.6), (BLACK, 1.2)):
        box = Rectangle((x, y), 1, 1, fill=False, edgecolor=colour, linewidth=width, zorder=3, clip_on=False)
        axes.add_patch(box)


def _keys(info: Grid) -> str:
    *first, last = info.keys
    return f"{', '.join(first)} and {last}"


def _all(info: Grid) -> Iterator[Cell]:
    return (cell for panel in info.cells for line in panel for cell in line)


def _blanks(info: Grid) -> set[cells.Blank]:
    return {kind for cell in _all(info) if (kind := cells.blank(cell)) is not None}


def _caption(info: Grid) -> str:
    chance = any(not math.isnan(effect.chance) for effect in info.shares)
    return sentences(
        f"{with_unit(info.heading, info.settings)} by {_keys(info)}: mean over "
        f"{counted(info.categories, 'category')} and {counted(info.seeds, 'seed')}; {BRIGHT[better(info.metric)]}.",
        "Small: standard deviation over seeds." if _spread(info) else "",
        f"Frame: the baseline ({BASELINE})." if info.baseline is not None else "",
        cells.BLANKS if _blanks(info) - {"not possible"} else "",
        "White: combinations that cannot be." if "not possible" in _blanks(info) else "",
        "Bars: shares of the sum of squares over all cells and seeds; ×: interactions." if info.shares else "",
        "Black lines: what chance alone would give, by the seeds' differences." if chance else "",
        "With one seed the interaction of all keys contains the noise." if info.shares and info.seeds == 1 else "",
        *info.caveats,
    )


def _alt(info: Grid) -> str:
    known = [cell.mean for cell in _all(info) if cell.complete]
    low, high = (number(choose(known), "share", info.settings) for choose in (min, max))
    effects = ", ".join(f"{share_bars.named(effect, info.keys)} {100 * effect.share:.0f} %" for effect in info.shares)
    return (
        f"{with_unit(info.heading, info.settings)} by {_keys(info)}, from {low} to {high}"
        f"{f'; shares of the variance: {effects}' if effects else ''}."
    )


@registered("study")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield a figure for each grid and each of the first `METRICS` metrics."""
    for metric in results.metrics[:METRICS]:
        yield from map(draw, grids(results, metric))
