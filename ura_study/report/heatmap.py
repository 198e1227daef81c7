"""Overlays of anomaly maps on their images, all on one colour scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from ura_study.report.drawing.strips import MAP

#: Weight of the image in a picture; the rest is the weight of the map.
SHARE = 0.5


def overlaid(images: Sequence[np.ndarray], maps: np.ndarray) -> Iterator[Image.Image]:
    """Yield each of N images (H, H, 3) uint8 blended with its map; the N maps (N, H, H) share one colour scale.

    The scale runs from the smallest to the largest value of all maps.
    """
    from matplotlib import colormaps

    low, high = float(maps.min()), float(maps.max())
    for image, one in zip(images, maps, strict=True):
        colours = colormaps[MAP]((one - low) / (high - low or 1))[..., :3]
        yield Image.fromarray((SHARE * image + (1 - SHARE) * 255 * colours).round().astype(np.uint8))
