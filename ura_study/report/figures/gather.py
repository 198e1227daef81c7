"""All figures of a study: those that make sense for it, in the order of the imports."""
# ruff: noqa: I001, F401

from __future__ import annotations

from dataclasses import dataclass

from ura_study.report.drawing.drawn import Drawn
from ura_study.report.figures.registry import drawn_of
from ura_study.results.results import Results

from ura_study.report.figures import (
    differences,
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
    """All figures of a study, drawn: they go into files and into the report."""

    study: tuple[Drawn, ...]
    search: tuple[Drawn, ...]
    pictures: tuple[Drawn, ...]
    """Of what variants see."""


def gallery(results: Results) -> Gallery:
    """Return the figures of a study, those of its search, and pictures of what variants see."""
    return Gallery(*(tuple(drawn_of(results, group)) for group in ("study", "search", "pictures")))
