"""Where a token lies with respect to a defect: inside, outside, or on its border.

Uncertainty maps are on the feature grid, where each token covers H/S × H/S pixels; masks are in pixels. The maps are
not enlarged, since interpolation would invent values beside a border. Instead, masks are reduced to the grid exactly: a
token's coverage is the share of its area that the mask covers.

    anomalous  coverage of at least one half
    border     coverage between 0 and 1, or one of the eight neighbours is of the other kind (anomalous or not)
    inside     anomalous, and not border
    outside    normal, and not border

So a border is about two tokens wide, one on each side of the mask's edge. Where a defect is cut off by the frame of the
image it has no border there. A defect of only a few tokens consists of border.

Legend: N images, H image side, S side of the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage


@dataclass(frozen=True, eq=False)
class Zones:
    """The three zones (N, S, S) bool; every token is in exactly one."""

    border: np.ndarray
    inside: np.ndarray
    outside: np.ndarray


def coverage(masks: np.ndarray, side: int) -> np.ndarray:
    """Return the covered share of each token (N, S, S), 0..1, for masks (N, H, H) bool; S need not divide H."""
    share = _overlap(masks.shape[1], side)  # (S, H)
    covered = np.zeros((len(masks), side, side))
    for i in np.flatnonzero(masks.any(axis=(1, 2))):  # one by one, since all masks as floats would fill the memory
        covered[i] = share @ masks[i].astype(np.float64) @ share.T
    return covered


def zones(covered: np.ndarray) -> Zones:
    """Return the zones of tokens whose coverage is (N, S, S)."""
    anomalous = covered >= 0.5
    around = (1, 3, 3)  # of each token, in its own image
    highest = ndimage.maximum_filter(anomalous, around, mode="nearest")
    lowest = ndimage.minimum_filter(anomalous, around, mode="nearest")
    border = (highest != lowest) | ((covered > 0) & (covered < 1))
    return Zones(border, anomalous & ~border, ~anomalous & ~border)


def _overlap(pixels: int, tokens: int) -> np.ndarray:
    """Return the share (tokens, pixels) of each token's length that lies in each pixel; rows sum to 1."""
    edges = np.arange(tokens + 1) * (pixels / tokens)
    left = np.maximum(edges[:-1, None], np.arange(pixels))
    right = np.minimum(edges[1:, None], np.arange(1, pixels + 1))
    return np.maximum(right - left, 0) * (tokens / pixels)
