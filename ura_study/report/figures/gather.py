"""All figures of a study: those that make sense for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ura_study.config import Study
from ura_study.metrics.names import better
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.figures import (
    curves,
    differences,
    doubt,
    front,
    grids,
    grids_drawing,
    heat,
    pictures,
    reliability,
    side_by_side,
    sweeps,
    training,
)
from ura_study.report.figures.choice import FRONTS, METRICS
from ura_study.report.search_figures import contour, contour_drawing, history, importances, parallel, slices
from ura_study.results.results import Results, Search


@dataclass(frozen=True)
class Gallery:
    """All figures of a study, drawn: they go into files and into the report."""

    study: tuple[Drawn, ...]
    search: tuple[Drawn, ...]
    pictures: tuple[Drawn, ...]
    """Of what variants see."""


def gallery(results: Results) -> Gallery:
    """Return the figures of a study, and those of its search."""
    search = () if results.search is None else of_search(results.study, results.search)
    return Gallery(tuple(of_study(results)), tuple(search), tuple(of_pictures(results)))


def of_study(results: Results) -> Iterator[Drawn]:
    """Yield the figures of variants: of the first `METRICS` metrics each, for writing them all takes its time."""
    metrics = results.metrics[:METRICS]
    for metric in metrics:
        if (compared := differences.differences(results, metric)) is not None:
            yield differences.draw(compared)
    for metric in metrics:
        if (means := heat.heat(results, metric)) is not None:
            yield heat.draw(means)
    yield from map(sweeps.draw, sweeps.sweeps(results))
    for metric in metrics:
        yield from map(grids_drawing.draw, grids.grids(results, metric))
    for metric in [metric for metric in metrics if better(metric)][:FRONTS]:
        if (best := front.front(results, metric)) is not None:
            yield front.draw(best)
    if (ranked := curves.curves(results)) is not None:
        yield curves.draw(ranked)
    if diagram := reliability.curves(results.plan, results.records):
        yield reliability.draw(diagram, results.caveats)
    if (doubted := doubt.doubts(results)) is not None:
        yield doubt.draw(doubted)
    if (trained := training.trainings(results)) is not None:
        yield training.draw(trained)


def of_pictures(results: Results) -> Iterator[Drawn]:
    """Yield the pictures of what variants see: the same images side by side, then each category."""
    if (compared := side_by_side.side_by_side(results)) is not None:
        yield side_by_side.figure(compared)
    yield from map(pictures.figure, pictures.seen(results))


def of_search(study: Study, search: Search) -> Iterator[Drawn]:
    """Yield the figures of a search."""
    found, importance = search.trials, search.importance
    if (course := history.history(study, found)) is not None:
        yield history.draw(course)
    if (shares := importances.importances(importance)) is not None:
        yield importances.draw(shares)
    if (panels := slices.slices(study, found, importance)) is not None:
        yield slices.draw(panels)
    if (surface := contour.contour(study, found, importance)) is not None:
        yield contour_drawing.draw(surface)
    if (lines := parallel.parallel(study, found, importance)) is not None:
        yield parallel.draw(lines)
