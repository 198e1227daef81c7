"""All figures that apply to a study, in the order of the imports below."""
# ruff: noqa: I001, F401

from __future__ import annotations

from dataclasses import dataclass

from ura_study.report.drawing.drawn import Drawn
from ura_study.report.figures.registry import drawn_of
from ura_study.results.results import Results

from ura_study.report.figures import (
    differences,
    ranks,
    heat,
    sweeps,
    grids_drawing,
    front,
    curves,
    reliability,
    error_by_uncertainty,
    training,
)
from ura_study.report.search_figures import history, importances, slices
from ura_study.report.figures import side_by_side, pictures


@dataclass(frozen=True)
class Gallery:
    """All figures of a study, drawn, for files and the report."""

    study: tuple[Drawn, ...]
    search: tuple[Drawn, ...]
    pictures: tuple[Drawn, ...]
    """Test images with the maps of variants."""


def gallery(results: Results) -> Gallery:
    """Draw and return the figures of a study, those of its search, and pictures of test images with their maps."""
    return Gallery(*(tuple(drawn_of(results, group)) for group in ("study", "search", "pictures")))
