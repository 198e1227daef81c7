"""Numbers beside points, placed by adjustText where they cover neither a point nor each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Size of type in points.
SIZE = 5.0
#: Rounds in which numbers are moved; a limit of time instead would make figures differ from machine to machine.
ROUNDS = 200


def number_points(axes: Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Write texts beside points (x, y, text) of axes that are laid out already; a far one is joined to its point."""
    from adjustText import adjust_text

    texts = [axes.text(x, y, text, fontsize=SIZE, ha="center", va="center") for x, y, text in points if text]
    if texts:
        line = {"arrowstyle": "-", "linewidth": 0.3, "color": "0.5"}
        across, up = ([point[axis] for point in points] for axis in (0, 1))
        adjust_text(texts, across, up, ax=axes, iter_lim=ROUNDS, arrowprops=line)
