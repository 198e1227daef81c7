"""The style of figures: column widths of papers, font sizes, colours that colour-blind readers can distinguish.

Every distinction by colour is also made by marker, dashes or hatching, so that figures can be read in greyscale.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from ura_study.report.config import ReportSettings
from ura_study.report.drawing.fonts import FONT, drawable, dress

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType

#: Widths in inches: one column of a two-column paper, and both.
ONE, TWO = 3.3, 6.9
#: Dots per inch of raster images.
DPI = 300
#: Colours of Okabe & Ito.
BLACK, BLUE, VERMILION, GREEN, ORANGE = "#000000", "#0072B2", "#D55E00", "#009E73", "#E69F00"
GREY = "0.6"
#: Colour, marker and dashes of the lines of a figure, in order.
STYLES = (
    (BLACK, "o", "-"),
    (BLUE, "s", "--"),
    (VERMILION, "^", "-."),
    (GREEN, "D", ":"),
    (ORANGE, "v", (0, (5, 1, 1, 1, 1, 1))),
)
#: A colour map from dark to bright that is also monotonic in greyscale and for colour-blind readers.
MAP = "cividis"
#: The meaning of bright colours, by whether a larger value is better (1), worse (−1) or neither (0).
BRIGHT = {1: "brighter is better", -1: "brighter is better, that is, smaller", 0: "brighter is larger"}
SMALL, TEXT = 6.0, 7.0
#: Width of a character at font size `TEXT`, in points (1/72 in), an upper estimate.
CHARACTER = 4.1
#: Most characters of a name that are shown.
LONGEST = 44
#: Settings of matplotlib. Names are written by users, so a `$` in a name must not start a formula.
SETTINGS: dict[RcKeyType, Any] = {
    "text.parse_math": False,
    "text.usetex": False,
    "font.family": [FONT],
    "font.size": TEXT,
    "axes.labelsize": TEXT,
    "axes.titlesize": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.5,
    "lines.markersize": 3.5,
    "lines.linewidth": 1.0,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


@contextmanager
def canvas(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Iterator[Figure]:
    """Yield an empty figure of `width` × `height` inches; at the end of the block its fonts and layout are fixed.

    So all formats have the same layout. With `layout=None` everything stays where the caller placed it.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(SETTINGS):
        figure = Figure(figsize=(width, height), dpi=DPI, layout=layout)
        yield figure
        dress(figure)
        if (engine := figure.get_layout_engine()) is not None:
            engine.execute(figure)
            figure.set_layout_engine("none")


def shown(name: str, longest: int = LONGEST) -> str:
    """Return a name for a figure: on one line, with `…` in place of its middle if it is longer than `longest`."""
    text = drawable(" ".join(name.split()))
    if len(text) > longest:
        head = (longest - 1) // 2
        text = f"{text[:head]}…{text[head + 1 - longest :]}"
    return f" {text}" if text.startswith("_") else text  # legends omit labels that begin with an underscore


def labels(names: Sequence[str], longest: int = LONGEST) -> list[str]:
    """Return names for a figure; to names that became equal their position is added, e.g. `name (2)`."""
    texts = [shown(name, longest) for name in names]
    return [f"{text} ({i})" if texts.count(text) > 1 else text for i, text in enumerate(texts, start=1)]


def wrapped(text: str, inches: float) -> str:
    """Return the label of an axis in lines of at most `inches` inches; a unit stays with the word before it."""
    whole = text.replace(" (", "\N{NO-BREAK SPACE}(")
    lines = textwrap.wrap(whole, max(12, int(72 * inches / CHARACTER)), break_long_words=False)
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def factor(settings: ReportSettings) -> float:
    """Return the factor by which metrics are multiplied before they are shown: 100 for percent, else 1."""
    return 100.0 if settings.unit == "percent" else 1.0


def with_unit(heading: str, settings: ReportSettings, difference: bool = False) -> str:
    """Return the heading of a metric, or of a difference of two, with its unit."""
    unit = " (points)" if difference else " (%)"
    return heading + (unit if settings.unit == "percent" else "")


def plain(axes: Axes, axis: Literal["y", "both"] = "y") -> None:
    """Set few ticks without offset notation; a fixed limit on their number, or it would change with the layout."""
    axes.ticklabel_format(axis=axis, useOffset=False)
    axes.locator_params(axis=axis, nbins=6)


def hide(axes: Axes) -> None:
    """Hide the frame and the tick marks."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def sentences(*parts: str) -> str:
    """Return a caption: the sentences that are not empty, joined by spaces."""
    return " ".join(part for part in parts if part)
