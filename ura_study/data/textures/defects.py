"""Five kinds of defect, rendered on a clean tile.

Each is a pure function of a tile, float32 (H, W) in 0..1, a second tile of another photograph (only `foreign` reads it)
and a generator; it returns the altered tile and its mask, bool (H, W), as `mask` defines it. Sizes are in pixels of a
256 x 256 tile. The defects change structure more than brightness: a mean grey value says little about them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ura_study.data.textures.mask import settle
from ura_study.data.textures.shapes import blob, draw_centre, smooth_noise, soft_step, stroke

Defect = Callable[[np.ndarray, np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]

#: A defect covers at least and at most this share of its tile; what falls outside is drawn again.
AREA = (0.007, 0.15)
ATTEMPTS = 50


def scratch(clean: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A tapering groove, dark on one flank and bright on the other, of uneven width."""
    distance, position = stroke(clean.shape, rng.uniform(120, 230), rng)
    half = rng.uniform(2.8, 4.2) * np.clip(4 * np.minimum(position, 1 - position), 0.3, 1) ** 0.5
    half = half * (1 + 0.25 * smooth_noise(clean.shape, 6, rng))
    matte = soft_step(half - np.abs(distance), 1.5)
    relief = np.tanh(distance / 1.2) * rng.choice([-1, 1])
    floor = ndimage.gaussian_filter(clean, 6) + rng.uniform(0.22, 0.34) * relief + rng.uniform(-0.04, 0.04)
    return settle(clean, clean + matte * (floor - clean))


def stain(clean: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A dried film: blotchy, it veils the texture beneath and ends in a dark rim."""
    depth = blob(clean.shape, draw_centre(clean.shape, 50, rng), rng.uniform(26, 42), rng, wobble=0.35)
    depth = depth + 1.5 * smooth_noise(clean.shape, 4, rng)
    veil = soft_step(depth, 3) * np.clip(rng.uniform(0.8, 0.95) + 0.08 * smooth_noise(clean.shape, 5, rng), 0, 1)
    blotches = 0.045 * smooth_noise(clean.shape, 2.5, rng) + 0.02 * smooth_noise(clean.shape, 8, rng)
    rim = np.exp(-(((depth - 2.5) / 2.2) ** 2)) * rng.uniform(0.15, 0.25)
    film = ndimage.gaussian_filter(clean, 10) * rng.uniform(0.7, 0.9) + blotches
    return settle(clean, clean + veil * (film - clean) - rim)


def hole(clean: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A piece has broken out: a crumbly floor in shadow, one lit wall, and a chipped outline."""
    depth = blob(clean.shape, draw_centre(clean.shape, 44, rng), rng.uniform(22, 33), rng, wobble=0.25)
    depth = depth + 1.5 * smooth_noise(clean.shape, 3, rng)
    inside, wall = soft_step(depth, 2.5), np.clip(1 - depth / rng.uniform(6, 10), 0, 1)
    slope_y, slope_x = np.gradient(ndimage.gaussian_filter(depth, 3))
    crumbs_y, crumbs_x = np.gradient(smooth_noise(clean.shape, 1.5, rng) + 2 * smooth_noise(clean.shape, 4, rng))
    light = rng.uniform(0, 2 * np.pi)
    relief = np.sin(light) * (wall * slope_y + 0.5 * crumbs_y) + np.cos(light) * (wall * slope_x + 0.5 * crumbs_x)
    level = ndimage.gaussian_filter(clean, 10)
    floor = level * rng.uniform(0.35, 0.65) - rng.uniform(0.28, 0.4) * relief
    return settle(clean, clean + inside * (np.maximum(floor, 0.03) - clean))


def foreign(clean: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A piece of another material, slightly lighter or darker, lying on the surface with a narrow shadow."""
    depth = blob(clean.shape, draw_centre(clean.shape, 44, rng), rng.uniform(27, 42), rng, wobble=0.3)
    depth = depth + 1.2 * smooth_noise(clean.shape, 3, rng)
    matte = soft_step(depth, 2.5)
    here, there = clean[depth > 0], other[depth > 0]
    contrast = np.clip(here.std() / max(there.std(), 1e-3), 0.8, 1.4) * rng.uniform(0.9, 1.1)
    piece = (other - there.mean()) * contrast + here.mean() + rng.choice([-1, 1]) * rng.uniform(0.06, 0.11)
    light = rng.uniform(0, 2 * np.pi)
    shadow = ndimage.shift(matte, (3 * np.sin(light), 3 * np.cos(light)), order=1)
    shadowed = clean * (1 - rng.uniform(0.55, 0.75) * ndimage.gaussian_filter(shadow, 1.5))
    return settle(clean, shadowed + matte * (piece - shadowed))


def smear(clean: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The texture is wiped in one direction and loses its detail, at that of six places where this shows most."""
    angle, reach = rng.uniform(0, np.pi), rng.uniform(14, 22)
    wiped = wipe(clean, angle, reach, rng.uniform(1.5, 2.5))
    shows = ndimage.gaussian_filter(np.abs(wiped - clean), 14)
    centre = max((draw_centre(clean.shape, 46, rng) for _ in range(6)), key=lambda c: shows[int(c[0]), int(c[1])])
    depth = blob(clean.shape, centre, rng.uniform(24, 38), rng, stretch=2)
    return settle(clean, clean + soft_step(depth, 4) * (wiped - clean))


def wipe(tile: np.ndarray, angle: float, reach: float, softness: float) -> np.ndarray:
    """Return `tile` averaged over `reach` pixels to either side along `angle`, then blurred by `softness` pixels."""
    wiped = np.zeros(tile.shape)
    steps = np.linspace(-reach, reach, 2 * int(reach) + 1)
    for t in steps:
        wiped += ndimage.shift(tile, (-t * np.sin(angle), -t * np.cos(angle)), order=1, mode="reflect")
    return ndimage.gaussian_filter(wiped / len(steps), softness)


DEFECTS: dict[str, Defect] = {
    "foreign": foreign,
    "hole": hole,
    "scratch": scratch,
    "smear": smear,
    "stain": stain,
}


def draw_defect(
    kind: str, clean: np.ndarray, other: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a tile with a defect of `kind` and its mask, drawn again until the area lies within `AREA`."""
    for _ in range(ATTEMPTS):
        altered, mask = DEFECTS[kind](clean, other, rng)
        if AREA[0] <= mask.mean() <= AREA[1]:
            return altered, mask
    raise RuntimeError(f"{kind}: no defect with an area within {AREA} of the tile in {ATTEMPTS} attempts")
