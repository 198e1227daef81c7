"""A figure with its caption, and its files: without a date, so that equal figures have equal bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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
    """What the figure shows, units, the meaning of bars and bands, sample sizes, and what was left out."""
    alt: str
    """Alternative text, for readers who cannot see the figure."""
    figure: Figure

    @cached_property
    def as_svg(self) -> bytes:
        """The content of its SVG file, encoded once: files and page both have it."""
        return _encoded(self, "svg")


def svg(drawn: Drawn) -> str:
    """Return a figure as SVG with selectable text, without the XML declaration, as an HTML page can contain it."""
    text = drawn.as_svg.decode()
    return text[text.index("<svg") :]


def save(folder: Path, drawn: Drawn, formats: Sequence[Kind]) -> None:
    """Write a figure as `<folder>/<name>.<format>` for each format; no incomplete file is ever left.

    Raises:
        ResourceError: where the disk is full or a file cannot be written.
    """
    for kind in formats:
        replace(folder / f"{drawn.name}.{kind}", encoded(drawn, kind))


def encoded(drawn: Drawn, kind: Kind) -> bytes:
    """Return the content of the file of a figure."""
    return drawn.as_svg if kind == "svg" else _encoded(drawn, kind)


def _encoded(drawn: Drawn, kind: Kind) -> bytes:
    """Return the same, encoded anew.

    It uses the canvases directly: `Figure.savefig` would draw everything twice, although the layout is already fixed.
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
        drawn.figure.set_dpi(DPI)  # the vector canvases change it
    return file.getvalue()
