"""Resize masks to the size of evaluation: by nearest neighbour, but without losing small defects.

Nearest-neighbour resizing can lose a whole region (8-connected, as in AUPRO): such a region keeps one pixel, at its
centre. Only a crop (`data.resize: crop`) removes defects: those outside of it.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from ura_study.data.preprocessing import fitted, placed

EIGHT_CONNECTED = np.ones((3, 3), dtype=bool)


def resized(mask: np.ndarray, size: int, crop_from: int | None = None) -> np.ndarray:
    """Return a mask (H, W) bool as (size, size), resized and cut as `load_image` does with its image."""
    labels, count = ndimage.label(mask, EIGHT_CONNECTED)
    nearest = np.array(fitted(Image.fromarray(labels.astype(np.int32)), size, crop_from, Image.Resampling.NEAREST))
    small = nearest > 0
    lost = set(range(1, count + 1)) - set(np.unique(nearest).tolist())
    (width, height), (left, top) = placed(mask.shape[::-1], size, crop_from)
    for number, window in enumerate(ndimage.find_objects(labels), start=1):
        if number in lost:
            row, column = _middle(labels[window] == number)
            row = int((row + window[0].start + 0.5) * height / mask.shape[0]) - top
            column = int((column + window[1].start + 0.5) * width / mask.shape[1]) - left
            if 0 <= row < size and 0 <= column < size:
                small[row, column] = True
    return small


def regions(mask: np.ndarray | None) -> int:
    """Return how many regions a mask has; 0 where there is none."""
    return 0 if mask is None else int(ndimage.label(mask, EIGHT_CONNECTED)[1])


def _middle(region: np.ndarray) -> tuple[int, int]:
    """Return row and column of the pixel of a region that is nearest to its centre."""
    places = np.argwhere(region)
    row, column = places[np.square(places - places.mean(axis=0)).sum(axis=1).argmin()]
    return int(row), int(column)
