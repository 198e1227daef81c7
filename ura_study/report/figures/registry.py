"""The registry of figures: each module registers a function, in the order in which `gather` imports the modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from ura_study.report.drawing.drawn import Drawn
from ura_study.results.results import Results

Maker = Callable[[Results], Iterable[Drawn]]
#: study: figures of variants; search: figures of trials, if there is a search; pictures: test images with their maps.
Group = Literal["study", "search", "pictures"]

_MAKERS: dict[Group, list[Maker]] = {"study": [], "search": [], "pictures": []}


def figure(group: Group) -> Callable[[Maker], Maker]:
    """Return a decorator that registers a function from results to figures, none if they do not apply to a study."""

    def register(maker: Maker) -> Maker:
        _MAKERS[group].append(maker)
        return maker

    return register


def drawn_of(results: Results, *groups: Group) -> Iterator[Drawn]:
    """Yield the figures of the named groups, or of all groups if none is named; each is drawn when it is requested."""
    from ura_study.report.figures import gather  # noqa: F401 - registers them

    for group in groups or tuple(_MAKERS):
        if group != "search" or results.search is not None:
            for maker in _MAKERS[group]:
                yield from maker(results)
