"""Rows of pictures, each row on one colour scale: colouring and layout.

Images and maps are resized bilinearly. The colours are those of the other figures; the scale is drawn beside its row.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import GREY, MAP, SMALL, TWO, canvas, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Side in pixels of an image, and of a map, which has less detail.
SIDE, MAP_SIDE = 192, 96
#: In inches: largest side of a picture, width of the names on the left and of the scales on the right, and gaps.
LARGEST, LEFT, RIGHT, SPACE = 0.95, 0.85, 0.45, 0.04
#: Height of a line of text in inches.
LINE = 0.11


@dataclass(frozen=True, eq=False)
class Strip:
    """One row."""

    label: str
    images: Sequence[np.ndarray | None]
    """(H, W, 3) uint8 colours, or (H, W) numbers: without `scale` a mask, else a map; None: there is no picture."""
    scale: tuple[float, float] | None = None
    """Values of the darkest and the brightest colour; None for images and masks."""


def spanned(label: str, maps: Sequence[np.ndarray | None]) -> Strip:
    """Return a row of maps on a scale from their smallest to their largest value; None is ignored."""
    values = [value for values in maps if values is not None for value in (values.min(), values.max())]
    low, high = (float(min(values)), float(max(values))) if values else (0.0, 1.0)
    return Strip(label, maps, (low, high if high > low else low + 1))


def coloured(strip: Strip) -> list[np.ndarray | None]:
    """Return each picture of a row as (side, side, 3) uint8, or None; `side` is `MAP_SIDE` for maps, else `SIDE`."""
    return [None if image is None else _coloured(image, strip.scale) for image in strip.images]


def _coloured(image: np.ndarray, scale: tuple[float, float] | None) -> np.ndarray:
    if scale is None:
        colours = image if image.ndim == 3 else np.repeat(np.uint8(255) * image.astype(np.uint8)[..., None], 3, axis=2)
        return np.asarray(Image.fromarray(colours).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    from matplotlib import colormaps

    large = Image.fromarray(image.astype(np.float32)).resize((MAP_SIDE, MAP_SIDE), Image.Resampling.BILINEAR)
    low, high = scale
    return colormaps[MAP]((np.asarray(large) - low) / (high - low), bytes=True)[..., :3]


def sheet(strips: Sequence[Strip]) -> np.ndarray:
    """Return all rows as one image (rows · MAP_SIDE, columns · MAP_SIDE, 3) uint8, without texts or scales."""
    blank = np.full((MAP_SIDE, MAP_SIDE, 3), 255, np.uint8)
    rows = [[blank if picture is None else _small(picture) for picture in coloured(strip)] for strip in strips]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def _small(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((MAP_SIDE, MAP_SIDE), Image.Resampling.BOX))


def draw(name: str, heads: Sequence[Sequence[str]], strips: Sequence[Strip], caption: str, alt: str) -> Drawn:
    """Return a figure of rows; `heads` has the lines of text above each column."""
    side = min(LARGEST, (TWO - LEFT - RIGHT) / len(heads) - SPACE)
    top = LINE * (max(map(len, heads)) + 0.5)
    width, height = LEFT + len(heads) * (side + SPACE) + RIGHT, top + len(strips) * (side + SPACE)
    with canvas(width, height, layout=None) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_autoscale_on(False)
        axes.set(xlim=(0, width), ylim=(0, height), xticks=[], yticks=[])
        for column, lines in enumerate(heads):
            middle = LEFT + column * (side + SPACE) + side / 2
            for line, text in enumerate(lines):
                place = (middle, height - LINE * (line + 0.7), shown(text, max(6, round(side / 0.047))))
                axes.text(*place, ha="center", va="center", fontsize=SMALL - 0.5)
        for row, strip in enumerate(strips):
            bottom = height - top - (row + 1) * (side + SPACE) + SPACE
            axes.text(LEFT - 0.06, bottom + side / 2, _wrapped(strip.label), ha="right", va="center", fontsize=SMALL)
            _row(axes, strip, bottom, side)
            if strip.scale is not None:
                _scale(axes, strip.scale, width - RIGHT + 0.02, bottom, side)
    return Drawn(name, caption, alt, figure)


def _row(axes: Axes, strip: Strip, bottom: float, side: float) -> None:
    for column, picture in enumerate(coloured(strip)):
        left = LEFT + column * (side + SPACE)
        if picture is None:
            axes.text(left + side / 2, bottom + side / 2, "none", ha="center", color=GREY, fontsize=SMALL)
        else:
            axes.imshow(picture, extent=(left, left + side, bottom, bottom + side), interpolation="none", aspect="auto")


def _scale(axes: Axes, scale: tuple[float, float], left: float, bottom: float, side: float) -> None:
    """Draw a colour scale with the values of its ends (separate axes for it would take ten times as long)."""
    place = (left, left + 0.06, bottom, bottom + side)
    axes.imshow(np.linspace(1, 0, 64)[:, None], cmap=MAP, extent=place, interpolation="none", aspect="auto")
    for value, at, edge in ((scale[0], "bottom", bottom), (scale[1], "top", bottom + side)):
        axes.text(left + 0.09, edge, f"{value:.3g}", ha="left", va=at, fontsize=SMALL - 0.5)


def _wrapped(label: str) -> str:
    """Return a label in lines that fit the left margin."""
    return "\n".join(textwrap.wrap(shown(label, 60), 17))
