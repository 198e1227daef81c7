"""Numbers beside points, placed where they cover neither a point nor each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Box = tuple[float, float, float, float]
#: Size of type, and of a digit, in points.
SIZE, DIGIT, HEIGHT = 5.0, 3.4, 5.0
#: Half the side of a point's marker, in points.
MARKER = 2.2
AROUND = tuple(math.radians(degrees) for degrees in (45, 135, 315, 225, 0, 90, 180, 270))
DISTANCES = (7.0, 9.0, 12.0, 15.0)


def placed(points: Sequence[tuple[float, float, str]], area: Box) -> list[tuple[float, float]]:
    """Return the middle of each text (x, y) within `area`, as near to its point as is free; all in points (1/72 in).

    Where nothing is free the last candidate is taken.
    """
    taken = [_box(x, y, 2 * MARKER, 2 * MARKER) for x, y, _ in points]
    found = []
    for x, y, text in points:
        tries = [(x + d * math.cos(a), y + d * math.sin(a)) for d in DISTANCES for a in AROUND]
        boxes = [_box(*middle, DIGIT * len(text) + 1, HEIGHT) for middle in tries]
        free = (i for i, box in enumerate(boxes) if _inside(box, area) and not any(_overlap(box, t) for t in taken))
        chosen = next(free, len(tries) - 1)
        found.append(tries[chosen])
        if text:
            taken.append(boxes[chosen])
    return found


def number_points(axes: Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Write texts beside points (x, y, text) of axes that are laid out already; a far one is joined to its point."""
    to_points = 72 / axes.figure.dpi
    box = axes.get_window_extent()
    area = (box.x0 * to_points, box.y0 * to_points, box.x1 * to_points, box.y1 * to_points)
    middles = axes.transData.transform([(x, y) for x, y, _ in points]) * to_points
    here = [(*middle, text) for middle, (_, _, text) in zip(middles, points, strict=True)]
    for (x, y, text), (px, py, _), (tx, ty) in zip(points, here, placed(here, area), strict=True):
        if text:
            line = {"arrowstyle": "-", "linewidth": 0.3, "color": "0.5", "shrinkA": 0, "shrinkB": 0}
            axes.annotate(
                text,
                (x, y),
                (tx - px, ty - py),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=SIZE,
                arrowprops=line if math.hypot(tx - px, ty - py) > DISTANCES[0] + 1 else None,
            )


def _box(x: float, y: float, width: float, height: float) -> Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _inside(box: Box, area: Box) -> bool:
    return box[0] >= area[0] and box[1] >= area[1] and box[2] <= area[2] and box[3] <= area[3]
