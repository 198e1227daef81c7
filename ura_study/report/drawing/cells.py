"""Cells of a table: coloured by their number, or hatched if they have none."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ura_study.report.drawing.style import MAP, SMALL
from ura_study.results.cell import Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

Blank = Literal["failed", "missing", "undefined", "not possible", "no complete trial"]
HATCHES: dict[Blank, str] = {
    "failed": "/////",
    "missing": ".....",
    "undefined": "xxxxx",
    "not possible": "",
    "no complete trial": ".....",
}
#: The sentence about hatched cells in captions.
BLANKS = "Hatched cells have no number: a run failed, is missing, or the metric is undefined."
#: Width of a character as a share of the font size, an upper estimate.
CHARACTER = 0.66


@dataclass(frozen=True)
class Square:
    """One cell, of width and height 1."""

    x: float
    y: float
    """`x` and `y`: the left and upper edge, in cells."""
    value: float
    text: str
    """At most two lines; the second is smaller."""


def blank(cell: Cell) -> Blank | None:
    """Return why a cell has no number; None if it has one."""
    if cell.complete:
        return None
    if cell.text:
        return "not possible"
    return "failed" if cell.failed else "missing" if cell.missing else "undefined"


def limits(values: Iterable[float]) -> tuple[float, float]:
    """Return the ends of the colour scale (low, high) with low < high; NaN is ignored, one value must be a number."""
    known = [value for value in values if not math.isnan(value)]
    low, high = min(known), max(known)
    return low, high if high > low else low + 1


def paint(axes: Axes, squares: Sequence[Square], ends: tuple[float, float], way: int, size: float = SMALL) -> None:
    """Draw cells with their texts.

    Args:
        axes: where to draw, in units of cells.
        squares: the cells.
        ends: the values of the ends of the colour scale.
        way: −1: bright cells have small values; otherwise large ones.
        size: font size of the first line, in points.
    """
    from matplotlib import colormaps
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle

    colours = colormaps[MAP if way >= 0 else f"{MAP}_r"](Normalize(*ends)([square.value for square in squares]))
    patches = [Rectangle((square.x, square.y), 1, 1) for square in squares]
    axes.add_collection(PatchCollection(patches, facecolors=colours, edgecolors="white", linewidths=0.5))
    for square, (red, green, blue, _) in zip(squares, colours, strict=True):
        look: dict[str, Any] = {
            "ha": "center",
            "color": "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white",
        }
        first, *second = square.text.split("\n")
        lines = [(first, 0.5, size)] if not second else [(first, 0.33, size), (second[0], 0.73, 0.8 * size)]
        for text, height, points in lines:  # the layout would take long to measure hundreds of texts
            put = axes.text(square.x + 0.5, square.y + height, text, va="center", fontsize=points, **look)
            put.set_in_layout(False)


def fitting(texts: Collection[str], room: float) -> float:
    """Return a font size in points, at most `SMALL`, at which texts fit cells that are `room` points (1/72 in) wide."""
    longest = max(len(line) for text in texts for line in text.split("\n"))
    return min(SMALL, room / (CHARACTER * longest))


def hatch(axes: Axes, kind: Blank, x: float, y: float) -> None:
    """Draw a cell without a number."""
    axes.add_patch(_patch(kind, x, y))


def legend(figure: Figure, kinds: Collection[Blank]) -> None:
    """Add a legend of the hatches below a figure, if there are any."""
    found = [kind for kind in HATCHES if kind in kinds]
    if found:
        handles = [_patch(kind, 0, 0) for kind in found]
        figure.legend(handles, found, loc="outside lower center", ncols=len(found))


def _patch(kind: Blank, x: float, y: float) -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), 1, 1, facecolor="white", edgecolor="0.5", hatch=HATCHES[kind], linewidth=0.5)
