"""How figures look: widths of a paper's columns, sizes of type, colours that colour-blind readers tell apart.

Whatever a colour says, a marker, a dash or a hatch says too: figures are read in greyscale.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from ura_study.report.config import ReportSettings
from ura_study.report.drawing.fonts import FONT, drawable, dress

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Widths in inches: one column of a two-column paper, and both.
ONE, TWO = 3.3, 6.9
#: Dots per inch of images.
DPI = 300
#: Colours of Okabe & Ito.
BLACK, BLUE, VERMILION, GREEN, ORANGE = "#000000", "#0072B2", "#D55E00", "#009E73", "#E69F00"
GREY = "0.6"
#: Colour, marker and dashes of lines that must be told apart.
STYLES = (
    (BLACK, "o", "-"),
    (BLUE, "s", "--"),
    (VERMILION, "^", "-."),
    (GREEN, "D", ":"),
    (ORANGE, "v", (0, (5, 1, 1, 1, 1, 1))),
)
#: Light to dark, even in greyscale and for colour-blind readers.
MAP = "cividis"
#: What bright colours mean, by whether more is better (1), worse (−1) or neither.
BRIGHT = {1: "brighter is better", -1: "brighter is better, that is, smaller", 0: "brighter is larger"}
SMALL, TEXT = 6.0, 7.0
#: Width of a character of `TEXT`, in points (1/72 in), generously.
CHARACTER = 4.1
#: Characters of a name that are shown.
LONGEST = 44
#: Names hold whatever users write: a `$` in them begins no formula.
SETTINGS = {
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
    """Give an empty figure of a size in inches; once it is drawn, all is put where it stays, whatever the format.

    Without a `layout` all is where it was put.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(SETTINGS):
        figure = Figure(figsize=(width, height), dpi=DPI, layout=layout)
        yield figure
        dress(figure)
        if layout is not None:
            figure.draw_without_rendering()
            figure.set_layout_engine("none")


def shown(name: str, longest: int = LONGEST) -> str:
    """Return a name as figures show it: on one line, and without its middle where it is too long."""
    text = drawable(" ".join(name.split()))
    if len(text) > longest:
        head = (longest - 1) // 2
        text = f"{text[:head]}…{text[head + 1 - longest :]}"
    return f" {text}" if text.startswith("_") else text  # a legend leaves out what begins with an underscore


def labels(names: Sequence[str], longest: int = LONGEST) -> list[str]:
    """Return names as figures show them; those that became equal are numbered."""
    texts = [shown(name, longest) for name in names]
    return [f"{text} ({i})" if texts.count(text) > 1 else text for i, text in enumerate(texts, start=1)]


def wrapped(text: str, inches: float) -> str:
    """Return the label of an axis on as many lines as it needs on so many inches; a unit stays with its word."""
    whole = text.replace(" (", "\N{NO-BREAK SPACE}(")
    lines = textwrap.wrap(whole, max(12, int(72 * inches / CHARACTER)), break_long_words=False)
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def factor(settings: ReportSettings) -> float:
    """Return by what metrics are multiplied before they are shown."""
    return 100.0 if settings.unit == "percent" else 1.0


def with_unit(heading: str, settings: ReportSettings, difference: bool = False) -> str:
    """Return the heading of a metric, or of a difference of two, with its unit."""
    unit = " (points)" if difference else " (%)"
    return heading + (unit if settings.unit == "percent" else "")


def plain(axes: Axes, axis: Literal["y", "both"] = "y") -> None:
    """Give an axis few ticks, written out whole, and as many whatever the size: else they change with the layout."""
    axes.ticklabel_format(axis=axis, useOffset=False)
    axes.locator_params(axis=axis, nbins=6)


def hide(axes: Axes) -> None:
    """Take the frame and the ticks away."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def sentences(*parts: str) -> str:
    """Return a caption of those sentences that are not empty."""
    return " ".join(part for part in parts if part)
