"""The place where a defect comes: a window of an image around it, and windows that lend it their content."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ura_study.data.synthetic.foreground import foreground

#: Side of the windows as a share of the scene's unit.
WINDOW = 0.75
#: Least distance of a place from the image's sides, as a share of the shorter one (where the object allows it).
MARGIN = 0.08


@dataclass(frozen=True)
class Scene:
    """An image and what is known of it."""

    image: np.ndarray
    """(H, W, 3) uint8."""
    inside: np.ndarray
    """(H, W) bool, where the object is."""
    unit: float
    """Size of the object in pixels: the side of a square of its area, at least half the image's shorter side."""
    grey: bool
    """Whether the image has no colour; its defects then have none either."""


@dataclass(frozen=True)
class Site:
    """Windows of h x w pixels, float (h, w, 3) in 0..1."""

    here: np.ndarray
    """Where the defect comes."""
    piece: np.ndarray
    """Another place of the same image."""
    other: np.ndarray
    """A place of another image."""
    centre: tuple[float, float]
    """The place itself, y and x in the window."""
    window: tuple[slice, slice]
    """The window in the image."""
    unit: float
    grey: bool


def make_scene(image: np.ndarray) -> Scene:
    """Look at an image (H, W, 3) uint8."""
    inside = foreground(image)
    unit = max(float(np.sqrt(inside.sum())), min(inside.shape) / 2)
    grey = np.ptp(image.astype(np.int16), axis=-1).mean() < 1
    return Scene(image, inside, min(unit, min(inside.shape)), bool(grey))


def like(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return an image (H, W, 3) uint8 at the size of another: `shape` is (height, width)."""
    if image.shape[:2] == shape:
        return image
    return np.asarray(Image.fromarray(image).resize(shape[::-1], Image.Resampling.BILINEAR))


def draw_site(scene: Scene, other: Scene, rng: np.random.Generator) -> Site:
    """Draw a place on the object, another one, and one on the object of another image of the same size."""
    side = max(8, int(WINDOW * scene.unit))
    places = [_draw_place(s.inside, rng) for s in (scene, scene, other)]
    windows = [_window(place, side, scene.inside.shape) for place in places]
    here, piece, there = (_cut(s.image, w) for s, w in zip((scene, scene, other), windows, strict=True))
    y, x = (float(p - w.start) for p, w in zip(places[0], windows[0], strict=True))
    return Site(here, piece, there, (y, x), windows[0], scene.unit, scene.grey)


def _draw_place(inside: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
    margin = int(MARGIN * min(inside.shape))
    inner = np.zeros_like(inside)
    inner[margin : inside.shape[0] - margin, margin : inside.shape[1] - margin] = True
    place = rng.choice(np.flatnonzero(inside & inner if (inside & inner).any() else inside))
    return int(place // inside.shape[1]), int(place % inside.shape[1])


def _window(place: tuple[int, int], side: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the window of `side` pixels around a place, moved into the image and no larger than it."""
    starts = [min(max(0, p - side // 2), max(0, n - side)) for p, n in zip(place, shape, strict=True)]
    rows, columns = (slice(start, min(start + side, n)) for start, n in zip(starts, shape, strict=True))
    return rows, columns


def _cut(image: np.ndarray, window: tuple[slice, slice]) -> np.ndarray:
    return image[window].astype(np.float64) / 255
