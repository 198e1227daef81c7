"""Changes of an image's colours, by which synthetic defects of OneNIP differ from what they are copies of.

From the authors' code: brightness, contrast and saturation by 0.6 to 1.4 and hue by a tenth of the circle for a piece
that is pasted (CutPaste), and three of ten changes for what fills a Perlin mask (DRAEM). Our own choice: the order is
fixed, and the ten are made by Pillow, in all channels alike, over about the same ranges.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from PIL import Image, ImageEnhance, ImageOps


def repainted(image: Image.Image, generator: torch.Generator) -> Image.Image:
    """Return an image after small changes of brightness, contrast, saturation and hue."""
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhancer(image).enhance(uniform(0.6, 1.4, generator))
    return turned_hue(image, uniform(-0.1, 0.1, generator))


def distorted(image: Image.Image, generator: torch.Generator) -> Image.Image:
    """Return an image after three of `CHANGES`, drawn without replacement."""
    for index in torch.randperm(len(CHANGES), generator=generator)[:3].tolist():
        image = CHANGES[index](image, uniform(0, 1, generator))
    return image


def turned_hue(image: Image.Image, turn: float) -> Image.Image:
    """Return an image whose hues are turned by a share of the circle, −1..1."""
    hue, saturation, value = image.convert("HSV").split()
    moved = hue.point([(level + round(256 * turn)) % 256 for level in range(256)])
    return Image.merge("HSV", (moved, saturation, value)).convert("RGB")


def _mapped(image: Image.Image, change: Callable[[int], float]) -> Image.Image:
    """Return an image of which each level 0..255 of each channel became another, clipped to that range."""
    return image.point([min(255, max(0, round(change(level)))) for level in range(256)] * 3)


#: Each takes an image and a number 0..1, which says how much.
CHANGES: tuple[Callable[[Image.Image, float], Image.Image], ...] = (
    lambda image, draw: _mapped(image, lambda level: 255 * (level / 255) ** (0.5 + 1.5 * draw)),
    lambda image, draw: _mapped(image, lambda level: (0.8 + 0.4 * draw) * level + 60 * draw - 30),
    lambda image, draw: ImageEnhance.Sharpness(image).enhance(2 * draw),
    lambda image, draw: turned_hue(image, 0.4 * draw - 0.2),
    lambda image, draw: ImageOps.solarize(image, round(32 + 96 * draw)) if draw < 0.5 else image,
    lambda image, draw: ImageOps.posterize(image, 1 + round(6 * draw)),
    lambda image, draw: ImageOps.mirror(image) if draw < 0.5 else image,
    lambda image, draw: ImageOps.invert(image),
    lambda image, draw: ImageOps.autocontrast(image),
    lambda image, draw: ImageOps.equalize(image),
)


def uniform(low: float, high: float, generator: torch.Generator) -> float:
    """Return a number between two."""
    return low + (high - low) * float(torch.rand(1, generator=generator, dtype=torch.float64))
