"""Figures of a study for papers: one module for each, which first computes what is shown, then draws it."""

from __future__ import annotations

from ura_study.report.drawing.drawn import Drawn, save, svg
from ura_study.report.figures.gather import Gallery, gallery

__all__ = ["Drawn", "Gallery", "gallery", "save", "svg"]
