"""Numbers beside points, placed by adjustText so that they cover neither points nor each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Font size in points.
SIZE = 5.0
#: Iterations in which texts are moved; with a time limit instead, figures would differ between machines.
ROUNDS = 200


def number_points(axes: Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Write the texts of points (x, y, text) beside them; "" is no text. A line joins a distant text to its point.

    The layout of `axes` must be final.
    """
    from adjustText import adjust_text

    texts = [axes.text(x, y, text, fontsize=SIZE, ha="center", va="center") for x, y, text in points if text]
    if texts:
        line = {"arrowstyle": "-", "linewidth": 0.3, "color": "0.5"}
        across, up = ([point[axis] for point in points] for axis in (0, 1))
        adjust_text(texts, across, up, ax=axes, iter_lim=ROUNDS, arrowprops=line)
