"""Reads an HTML page strictly: what a test asks of its structure."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "input", "wbr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, *tags: str) -> list[Element]:
        """Return the elements below of these tags (all, where none is given), in the order of the page."""
        found = []
        for child in self.children:
            found += [child] if not tags or child.tag in tags else []
            found += child.all(*tags)
        return found


class Page(HTMLParser):
    """A parsed page. Tags that do not match, or an attribute given twice, fail."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(source)
        self.close()
        assert self._open == [self.root], f"never closed: {[e.tag for e in self._open[1:]]}"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert len(dict(attributes)) == len(attributes), f"<{tag}>: an attribute stands twice"
        element = Element(tag, dict(attributes))
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def by_id(self, name: str) -> Element:
        (found,) = [element for element in self.root.all() if element.attributes.get("id") == name]
        return found

    def table(self, name: str) -> list[list[str]]:
        """Return the texts of a table, row by row."""
        return [[cell.text for cell in row.all("th", "td")] for row in self.by_id(name).all("tr")]
