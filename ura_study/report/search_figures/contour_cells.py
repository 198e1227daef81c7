"""The objective over two parameters that took few values: a cell for each pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ura_study.report.drawing import cells
from ura_study.report.drawing.places import crowded
from ura_study.report.drawing.style import hide, labels
from ura_study.report.search_figures.contour import Contour

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def height(info: Contour) -> float:
    """Return the height of the figure, in inches."""
    texts, turned = _names(info)
    return 0.95 + 0.34 * len(info.axes[1].ticks) + (0.05 * max(map(len, texts)) if turned else 0)


def _names(info: Contour) -> tuple[list[str], bool]:
    """Return the names of the columns, and whether they must stand upright."""
    texts = labels(info.axes[0].labels, 16)
    return texts, crowded(info.axes[0], texts, 2.5)


def draw(axes: Axes, info: Contour) -> set[cells.Blank]:
    """Draw cells with their mean, their number of complete trials and `*` for the best; return what others lack."""
    means = {(x, y): value for x, y, value in info.corners}
    squares, blanks = [], set()
    for x, y in ((x, y) for x in info.axes[0].ticks for y in info.axes[1].ticks):
        if (x, y) in means:
            squares.append(cells.Square(x - 0.5, y - 0.5, means[x, y], _text(info, x, y, means[x, y])))
        else:
            cells.hatch(axes, "no complete trial", x - 0.5, y - 0.5)
            blanks.add("no complete trial")
    size = cells.fitting([square.text for square in squares], 0.9 * 72 * 2.5 / len(info.axes[0].ticks))
    cells.paint(axes, squares, cells.limits(means.values()), -1 if info.minimizes else 1, size)
    hide(axes)
    texts, turned = _names(info)
    axes.set_xticks(info.axes[0].ticks, texts, rotation=90 if turned else 0)
    axes.set_yticks(info.axes[1].ticks, labels(info.axes[1].labels, 16))
    axes.set_xlim(-0.5, len(info.axes[0].ticks) - 0.5)
    axes.set_ylim(len(info.axes[1].ticks) - 0.5, -0.5)
    return blanks


def _text(info: Contour, x: float, y: float, mean: float) -> str:
    there = [
        look for look, *place in zip(info.looks, *(a.positions for a in info.axes), strict=True) if place == [x, y]
    ]
    return f"{mean:.4g}{'*' if 'best' in there else ''}\nn={sum(look != 'pruned' for look in there)}"
