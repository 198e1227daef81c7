"""How much a defect stands out from what varies in the image anyway.

A grey spot is plain to see on a plate and lost in grass. So the image is described by its local brightness and its
local detail (the deviation of brightness within the same neighbourhood), each in units of its own deviation over the
object. How far the description moves, on average over the mask, is the conspicuity: below 1 a defect stays within what
is usual in this image. It is measured on images of one small size, so that size and resolution play no part.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

#: Side in pixels at which it is measured, and the radius of a neighbourhood.
SIDE, RADIUS = 128, 2.0
#: Least deviation that counts as 1, in grey levels: on an even surface less cannot be seen either.
NOISE = 4.0


def conspicuity(clean: np.ndarray, altered: np.ndarray, mask: np.ndarray, inside: np.ndarray) -> float:
    """Return the mean shift over `mask`: of brightness or detail, of whichever is greatest in whichever channel.

    Images are (H, W, 3) uint8; `mask` and `inside`, where the object is, (H, W) bool.
    """
    weight, on_object = _small(mask), _small(inside) > 127
    before, after = _description(clean), _description(altered)  # (6, SIDE, SIDE)
    unit = np.maximum(before[:, on_object].std(axis=1) if on_object.any() else 0, NOISE)  # (6,)
    shift = np.abs(after - before) / unit[:, None, None]
    return float(np.average(shift, axis=(1, 2), weights=np.broadcast_to(weight, shift.shape)).max())


def _description(image: np.ndarray) -> np.ndarray:
    """Return local brightness and detail of each channel, (6, SIDE, SIDE)."""
    channels = _small(image).transpose(2, 0, 1)
    level = ndimage.gaussian_filter(channels, (0, RADIUS, RADIUS))
    detail = np.sqrt(ndimage.gaussian_filter((channels - level) ** 2, (0, RADIUS, RADIUS)))
    return np.concatenate([level, detail])


def _small(image: np.ndarray) -> np.ndarray:
    if image.dtype == bool:
        image = image.astype(np.uint8) * 255
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
