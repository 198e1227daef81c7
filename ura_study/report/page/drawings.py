"""Figures inside the page: drawings whose ids are their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from ura_study.report.page.state import Searched
from ura_study.report.results import Results

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"


@dataclass(frozen=True)
class Drawing:
    """A figure of the page."""

    svg: str
    caption: str


def drawings(results: Results, searched: Searched | None) -> Iterator[Drawing]:
    """Yield the figures of a study."""
    from ura_study.report.figures import figures, svg

    found, importance = (searched.trials, searched.importance) if searched else ((), None)
    for drawn in figures(results, found, importance):
        yield Drawing(inlined(svg(drawn), drawn.name, drawn.alt), drawn.caption)


def inlined(source: str, name: str, alt: str) -> str:
    """Return an SVG file as an element of an HTML page, an image called `alt`; `name` goes before each of its ids."""
    root = ElementTree.fromstring(source)
    prefix = f"figure-{re.sub('[^A-Za-z0-9]+', '-', name)}"
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for element in root.iter():
        for key, value in element.attrib.items():
            element.set(key, _renamed(key, value, prefix))
    root.set("role", "img")
    root.set("aria-label", alt)
    for short, space in (("", SVG), ("xlink", XLINK)):
        ElementTree.register_namespace(short, space)
    return ElementTree.tostring(root, encoding="unicode")


def _renamed(key: str, value: str, prefix: str) -> str:
    """Return an attribute's value with `prefix` before the id that it gives or points to."""
    if key == "id":
        return f"{prefix}-{value}"
    if key.endswith("href"):
        return re.sub("^#", f"#{prefix}-", value)
    return re.sub(r"url\(#", f"url(#{prefix}-", value)
