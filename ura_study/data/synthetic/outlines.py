"""Outlines, noise and edges of synthetic defects, as fields over a window of h x w pixels.

Nothing here is taken from the texture set (`data.textures`), whose defects are test images: a choice on validation must
not be flattered by a renderer that validation and test have in common. There, outlines are waves around an ellipse and
noise is filtered white noise; here, outlines are polygons and noise is interpolated between the points of a lattice.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.special import expit


def polygon(
    shape: tuple[int, ...], centre: tuple[float, float], radius: float, rng: np.random.Generator, corners: int = 9
) -> np.ndarray:
    """Return the depth field (h, w) of an irregular polygon: distance in pixels from its outline, negative outside.

    Corners lie at about even angles, between 0.6 and 1.4 radii from the centre.
    """
    from skimage.draw import polygon2mask

    angles = 2 * np.pi * (np.arange(corners) + rng.uniform(-0.35, 0.35, corners)) / corners + rng.uniform(0, 2 * np.pi)
    reach = radius * rng.uniform(0.6, 1.4, corners)
    points = np.stack([centre[0] + reach * np.sin(angles), centre[1] + reach * np.cos(angles)], axis=1)
    inside = polygon2mask(shape[:2], points)
    if not inside.any():
        return np.full(shape[:2], -np.inf)
    return ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)


def lattice_noise(shape: tuple[int, ...], scale: float, rng: np.random.Generator) -> np.ndarray:
    """Return noise (h, w) of mean 0 and deviation 1: cubic interpolation of values `scale` pixels apart."""
    height, width = shape[:2]
    step = max(scale, 1.0)
    values = rng.uniform(-1, 1, (int(height / step) + 4, int(width / step) + 4))
    y, x = np.indices((height, width)) / step + 1
    noise = ndimage.map_coordinates(values, [y, x], order=3)
    return (noise - noise.mean()) / max(float(noise.std()), 1e-9)


def edge(depth: np.ndarray, width: float) -> np.ndarray:
    """Return the opacity 0..1 of a field of depths: logistic, from 0.12 to 0.88 within `width` pixels."""
    return expit(4 * depth / width)


def scattered(depth: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the distance (h, w) in pixels to the nearest of at most `count` points drawn where `depth` > 0."""
    found = np.flatnonzero(depth > 0)
    if not len(found):
        return np.full(depth.shape, np.inf)
    away = np.ones(depth.size, bool)
    away[rng.choice(found, min(count, len(found)), replace=False)] = False
    return ndimage.distance_transform_edt(away.reshape(depth.shape))
