"""A figure with what must be said about it, and its files: the same bytes for the same figure, and no date in them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ura_study.report.figures.style import SETTINGS
from ura_study.report.folder import replace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["svg", "pdf", "png"]


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


def save(folder: Path, drawn: Drawn, formats: Sequence[Kind] = ("svg", "pdf")) -> None:
    """Write a figure as `<folder>/<name>.<format>`, each file whole or not at all.

    Raises:
        ResourceError: where the disk is full or a file cannot be written.
    """
    for kind in formats:
        replace(folder / f"{drawn.name}.{kind}", encoded(drawn, kind))


def encoded(drawn: Drawn, kind: Kind) -> bytes:
    """Return the content of a figure's file."""
    from matplotlib import rc_context

    about = {
        "svg": {"Date": None, "Title": drawn.name, "Description": drawn.alt},
        "pdf": {"CreationDate": None, "Title": drawn.name, "Subject": drawn.alt},
        "png": {"Title": drawn.name, "Description": drawn.alt},
    }
    file = io.BytesIO()
    with rc_context(SETTINGS | {"svg.hashsalt": drawn.name}):
        drawn.figure.savefig(file, format=kind, metadata=about[kind])
    return file.getvalue()
