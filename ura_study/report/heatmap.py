"""Pictures of anomaly maps over the images they are of, on one scale of colours for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from ura_study.report.drawing.strips import MAP

#: How much of a picture is the image; the rest is the map.
SHARE = 0.5


def overlaid(images: Sequence[np.ndarray], maps: np.ndarray) -> Iterator[Image.Image]:
    """Yield images (H, H, 3) uint8 under their maps (N, H, H); the least and the largest of all maps end the scale."""
    from matplotlib import colormaps

    low, high = float(maps.min()), float(maps.max())
    for image, one in zip(images, maps, strict=True):
        colours = colormaps[MAP]((one - low) / (high - low or 1))[..., :3]
        yield Image.fromarray((SHARE * image + (1 - SHARE) * 255 * colours).round().astype(np.uint8))
