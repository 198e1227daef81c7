"""What the mask of a defect means.

A pixel has visibly changed where it differs from the clean tile by at least `VISIBLE`. The mask is these pixels, with
gaps narrower than `GAP` closed (inside a foreign patch a pixel may equal the clean one by chance) and specks under
`SPECK` pixels left out. Everything outside the mask is put back to the clean tile, so that mask and image agree
exactly: outside nothing differs at all, inside no pixel is farther than `GAP` from a visible change.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

#: Six grey levels of 255.
VISIBLE = 6 / 255
GAP = 4
SPECK = 40


def settle(clean: np.ndarray, altered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the altered tile, cleaned up outside its mask, and the mask; tiles are float32 (H, W) in 0..1."""
    altered = np.clip(altered, 0, 1).astype(np.float32)
    mask = without_specks(close_gaps(np.abs(altered - clean) >= VISIBLE))
    return np.where(mask, altered, clean), mask


def close_gaps(mask: np.ndarray, gap: int = GAP) -> np.ndarray:
    """Return `mask` (H, W) closed by a disc; no pixel comes in that is farther than `gap` from the mask."""
    if not mask.any():
        return mask
    grown = ndimage.distance_transform_edt(~np.pad(mask, gap + 1)) <= gap  # (H + 2 gap + 2, W + 2 gap + 2)
    return (ndimage.distance_transform_edt(grown) > gap)[gap + 1 : -gap - 1, gap + 1 : -gap - 1]


def without_specks(mask: np.ndarray, speck: int = SPECK) -> np.ndarray:
    """Return `mask` (H, W) without its connected parts of fewer than `speck` pixels."""
    parts, _ = ndimage.label(mask, structure=np.ones((3, 3)))
    large = np.bincount(parts.ravel()) >= speck
    large[0] = False
    return large[parts]
