"""What the mask of a synthetic defect means.

A pixel has visibly changed where a channel differs from the clean image by at least `VISIBLE`. The mask is these
pixels, with narrow gaps closed and specks left out. Outside it the image is put back to the clean one, to the last bit.
"""

from __future__ import annotations

import numpy as np

#: Grey levels of 255.
VISIBLE = 6
#: Widest gap that is closed, in pixels, and smallest part that is kept, in square pixels, of an image of side `SIDE`.
GAP, SPECK, SIDE = 4, 20, 256


def settle(clean: np.ndarray, altered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the altered image, put back to the clean one outside its mask, and the mask (H, W) bool.

    Both images are (H, W, 3) uint8. Gaps that are closed and specks that are left out grow with the image.
    """
    from skimage.measure import label
    from skimage.morphology import isotropic_closing

    scale = min(clean.shape[:2]) / SIDE
    differs = np.abs(altered.astype(np.int16) - clean).max(axis=-1) >= VISIBLE
    parts = label(isotropic_closing(differs, max(1, round(scale * GAP))), connectivity=2)
    kept = np.bincount(parts.ravel()) >= round(scale**2 * SPECK)
    kept[0] = False
    mask = kept[parts]
    return np.where(mask[..., None], altered, clean), mask
