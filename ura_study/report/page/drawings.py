"""Figures inside the page: drawings whose ids are their own."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from xml.etree import ElementTree

from PIL import Image

from ura_study.report.figures import Drawn, svg

#: How the address of an image within an SVG begins, and the quality at which it goes into the page.
PNG, QUALITY = "data:image/png;base64,", 88
SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"


@dataclass(frozen=True)
class Drawing:
    """A figure of the page."""

    svg: str
    caption: str


def drawing(drawn: Drawn) -> Drawing:
    """Return a figure as it stands in the page."""
    return Drawing(inlined(svg(drawn), drawn.name, drawn.alt), drawn.caption)


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
    root.set("style", f"--width: {root.get('width')}")
    root.set("aria-label", alt)
    for short, space in (("", SVG), ("xlink", XLINK)):
        ElementTree.register_namespace(short, space)
    return ElementTree.tostring(root, encoding="unicode")


def _renamed(key: str, value: str, prefix: str) -> str:
    """Return an attribute's value with `prefix` before the id that it gives or points to."""
    if key == "id":
        return f"{prefix}-{value}"
    if key.endswith("href"):
        return lighter(value) if value.startswith(PNG) else re.sub("^#", f"#{prefix}-", value)
    return re.sub(r"url\(#", f"url(#{prefix}-", value)


def lighter(address: str) -> str:
    """Return a PNG in a `data:` address as a WebP, which takes a tenth of the bytes and shows no difference here."""
    image = Image.open(io.BytesIO(base64.b64decode(address.removeprefix(PNG))))
    file = io.BytesIO()
    image.convert("RGB").save(file, "WEBP", quality=QUALITY, method=1)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
