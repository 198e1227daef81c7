"""Random outlines in a tile: irregular blobs and curved strokes, given as fields in pixels.

H, W: tile size. A depth field is positive inside the outline, negative outside, about one unit per pixel near the edge.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree


def smooth_noise(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> np.ndarray:
    """Return noise (H, W) with mean 0 and standard deviation 1 whose grains are about `scale` pixels wide."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), scale, mode="wrap")
    return (noise - noise.mean()) / noise.std()


def soft_step(depth: np.ndarray, width: float) -> np.ndarray:
    """Return 0 where `depth <= -width/2`, 1 where `depth >= width/2`, and a smooth ramp between."""
    t = np.clip(depth / width + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def draw_centre(shape: tuple[int, int], margin: float, rng: np.random.Generator) -> tuple[float, float]:
    """Draw a point (y, x) at least `margin` pixels from each side."""
    return rng.uniform(margin, shape[0] - margin), rng.uniform(margin, shape[1] - margin)


def blob(
    shape: tuple[int, int],
    centre: tuple[float, float],
    radius: float,
    rng: np.random.Generator,
    *,
    wobble: float = 0.18,
    stretch: float = 1.5,
) -> np.ndarray:
    """Return the depth field (H, W) of a blob: an ellipse with up to `stretch` as its aspect, and a wavy outline.

    `wobble` is the size of the waves as a share of `radius`; the ellipse keeps the area of the circle of that radius.
    """
    aspect, turn = np.sqrt(rng.uniform(1, stretch)), rng.uniform(0, np.pi)
    y, x = np.indices(shape, dtype=np.float64)
    y, x = y - centre[0], x - centre[1]
    along, across = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    along, across = along / aspect, across * aspect
    angle = np.arctan2(across, along)
    outline = np.ones(shape)
    for k in range(2, 7):
        outline += wobble * rng.normal() / k * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
    return radius * np.clip(outline, 0.4, 1.8) - np.hypot(along, across)


def stroke(shape: tuple[int, int], length: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw a gently bent line inside the tile.

    Returns two fields (H, W): the signed distance to the line in pixels (its sign says on which side), and the position
    of the nearest point of the line, 0 at one end and 1 at the other.
    """
    heading, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-1.2, 1.2)
    t = np.linspace(-0.5, 0.5, max(int(length), 2))
    direction = heading + bend * t + 0.15 * np.sin(2 * np.pi * (3 * t + rng.uniform()))
    step = length / len(t)
    path = np.stack([np.cumsum(np.sin(direction)), np.cumsum(np.cos(direction))], axis=1) * step  # (points, 2): y, x
    low, high = path.min(axis=0), path.max(axis=0)
    room = np.maximum(np.array(shape) - (high - low) - 20, 0)
    path += 10 - low + rng.uniform(size=2) * room
    pixels = np.indices(shape).reshape(2, -1).T  # (H*W, 2): y, x
    distance, nearest = cKDTree(path).query(pixels)
    away = pixels - path[nearest]  # (H*W, 2)
    side = np.sign(away[:, 0] * np.cos(direction[nearest]) - away[:, 1] * np.sin(direction[nearest]))
    return (distance * side).reshape(shape), t[nearest].reshape(shape) + 0.5
