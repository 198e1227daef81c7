"""The figures of a study: each module registers what it draws, in the order in which `gather` names the modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from ura_study.report.drawing.drawn import Drawn
from ura_study.results.results import Results

Maker = Callable[[Results], Iterable[Drawn]]
#: study: of variants; search: of what was tried, where there is a search; pictures: of what variants see.
Group = Literal["study", "search", "pictures"]

_MAKERS: dict[Group, list[Maker]] = {"study": [], "search": [], "pictures": []}


def figure(group: Group) -> Callable[[Maker], Maker]:
    """Register a function that returns the figures of a kind, none where they make no sense for a study."""

    def register(maker: Maker) -> Maker:
        _MAKERS[group].append(maker)
        return maker

    return register


def drawn_of(results: Results, *groups: Group) -> Iterator[Drawn]:
    """Yield the figures of some groups, of all if none is named; each is drawn when it is asked for."""
    from ura_study.report.figures import gather  # noqa: F401 - registers them

    for group in groups or tuple(_MAKERS):
        if group != "search" or results.search is not None:
            for maker in _MAKERS[group]:
                yield from maker(results)
