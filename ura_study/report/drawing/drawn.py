"""A figure with what must be said about it, and its files: the same bytes for the same figure, and no date in them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ura_study.cache import replace
from ura_study.report.config import Kind
from ura_study.report.drawing.style import DPI, SETTINGS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawn:
    """One figure."""

    name: str
    """Stem of its files."""
    caption: str
    """What it shows, units, what bars and bands mean, how many, and what was left out."""
    alt: str
    """What it says, for those who cannot see it."""
    figure: Figure


def svg(drawn: Drawn) -> str:
    """Return a figure as SVG, its text as text, without the XML declaration: it can stand in an HTML page."""
    text = encoded(drawn, "svg").decode()
    return text[text.index("<svg") :]


def save(folder: Path, drawn: Drawn, formats: Sequence[Kind]) -> None:
    """Write a figure as `<folder>/<name>.<format>`, each file whole or not at all.

    Raises:
        ResourceError: where the disk is full or a file cannot be written.
    """
    for kind in formats:
        replace(folder / f"{drawn.name}.{kind}", encoded(drawn, kind))


def encoded(drawn: Drawn, kind: Kind) -> bytes:
    """Return the content of a figure's file.

    The canvases are asked themselves: `Figure.savefig` would draw all twice, for layouts that are fixed already.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file, title = io.BytesIO(), drawn.name
    with rc_context(SETTINGS | {"svg.hashsalt": title}):
        if kind == "svg":
            about = {"Date": None, "Title": title, "Description": drawn.alt}
            FigureCanvasSVG(drawn.figure).print_svg(file, metadata=about)
        elif kind == "pdf":
            about = {"CreationDate": None, "Title": title, "Subject": drawn.alt}
            FigureCanvasPdf(drawn.figure).print_pdf(file, metadata=about)
        else:
            FigureCanvasAgg(drawn.figure).print_png(file, metadata={"Title": title, "Description": drawn.alt})
        drawn.figure.set_dpi(DPI)  # the vector canvases leave their own
    return file.getvalue()
