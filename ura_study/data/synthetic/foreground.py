"""Where the object is: a simple measure that keeps defects from being painted onto an empty background.

The border of an image is taken for background. What is farther from the border's colours (Mahalanobis distance in RGB)
than nearly all of the border itself is foreground, holes filled and specks left out. Where that is less than `LEAST` or
more than `MOST` of the image, as on a texture that fills it, all of the image is foreground.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

#: Side in pixels at which the measure is taken.
SIDE = 128
#: Width of the border in those pixels.
BORDER = 4
#: Share of the border that counts as background, and how much farther than this foreground must be.
QUANTILE, MARGIN = 0.98, 1.5
LEAST, MOST = 0.05, 0.9
#: Least deviation of the border's colours, in grey levels: what noise there is also on a plain background.
NOISE = 4.0


def foreground(image: np.ndarray) -> np.ndarray:
    """Return where the object is, (H, W) bool, of an image (H, W, 3) uint8."""
    height, width = image.shape[:2]
    small = np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
    small = ndimage.gaussian_filter(small, (1.5, 1.5, 0))  # (SIDE, SIDE, 3)
    edge = np.ones((SIDE, SIDE), dtype=bool)
    edge[BORDER:-BORDER, BORDER:-BORDER] = False
    background = small[edge]  # (pixels, 3)
    covariance = np.cov(background.T) + NOISE**2 * np.eye(3)
    away = small - np.median(background, axis=0)
    distance = np.sqrt(np.einsum("hwc,cd,hwd->hw", away, np.linalg.inv(covariance), away))
    mask = ndimage.binary_opening(distance > MARGIN * np.quantile(distance[edge], QUANTILE), iterations=2)
    mask = ndimage.binary_fill_holes(mask)
    if not LEAST <= mask.mean() <= MOST:
        mask = np.ones_like(mask)
    return np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST))
