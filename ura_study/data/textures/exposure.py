"""The mild changes of light every tile gets, normal or not, so that brightness alone tells nothing."""

from __future__ import annotations

import numpy as np

GAIN = (0.87, 1.15)
GAMMA = (0.9, 1.12)

#: Greatest change of brightness from the middle of a tile to its corner, as a share.
GRADIENT = 0.12


def expose(tile: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return `tile` (H, W) in 0..1 under a random gain, gamma and linear fall-off of the light, again in 0..1."""
    gain, gamma = np.exp(rng.uniform(*np.log(GAIN))), rng.uniform(*GAMMA)
    slope, angle = rng.uniform(0, GRADIENT), rng.uniform(0, 2 * np.pi)
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in tile.shape)
    light = 1 + slope * (np.sin(angle) * y[:, None] + np.cos(angle) * x[None, :]) / np.sqrt(2)  # (H, W)
    return np.clip(gain * light * tile**gamma, 0, 1).astype(np.float32)
