"""The three photographs behind the texture set, and how square tiles are cut from them.

scikit-image ships `brick`, `grass` and `gravel` (512 x 512, 8-bit grey, CC0, from CC0Textures) inside its wheel, so
nothing is downloaded. Each photograph is cut by a vertical line into a train and a test region with a gap between them:
perspective makes the top finer than the bottom, and either region sees all of it. A tile is cropped first and resized
after, so that resampling never reads a pixel outside the crop box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PHOTOGRAPHS = ("brick", "grass", "gravel")
TILE_SIZE = 256

#: Side of the square crops, in pixels of the photograph: the least and the greatest.
CROP_SIDES = (124, 140)


@dataclass(frozen=True)
class Box:
    """Pixels `top <= y < bottom`, `left <= x < right` of a photograph."""

    top: int
    left: int
    bottom: int
    right: int

    def contains(self, other: Box) -> bool:
        return (
            self.top <= other.top
            and self.left <= other.left
            and other.bottom <= self.bottom
            and other.right <= self.right
        )


@dataclass(frozen=True)
class Crop:
    """A square box of a photograph and whether it is mirrored left to right."""

    box: Box
    mirrored: bool


#: Where the tiles of a split are cut, the same for each photograph. The 8 columns between belong to neither region.
REGIONS = {"train": Box(0, 0, 512, 328), "test": Box(0, 336, 512, 512)}


def load_photograph(name: str) -> np.ndarray:
    """Return one of `PHOTOGRAPHS` as float32 (512, 512) in 0..1."""
    from skimage import data

    if name not in PHOTOGRAPHS:
        raise ValueError(f"photograph must be one of {PHOTOGRAPHS}, but got {name!r}")
    return getattr(data, name)().astype(np.float32) / 255


def draw_crop(region: Box, rng: np.random.Generator) -> Crop:
    """Draw a crop that lies within `region`: side, position and mirroring are uniform."""
    side = int(rng.integers(CROP_SIDES[0], CROP_SIDES[1], endpoint=True))
    top = int(rng.integers(region.top, region.bottom - side, endpoint=True))
    left = int(rng.integers(region.left, region.right - side, endpoint=True))
    return Crop(Box(top, left, top + side, left + side), mirrored=bool(rng.integers(2)))


def cut(photograph: np.ndarray, crop: Crop) -> np.ndarray:
    """Return the crop, resized bicubically, as float32 (256, 256) in 0..1; it depends on no pixel outside the box."""
    from PIL import Image

    box = crop.box
    pixels = np.ascontiguousarray(photograph[box.top : box.bottom, box.left : box.right])
    tile = np.asarray(Image.fromarray(pixels).resize((TILE_SIZE, TILE_SIZE), Image.Resampling.BICUBIC))
    return np.clip(tile[:, ::-1] if crop.mirrored else tile, 0, 1).astype(np.float32)
