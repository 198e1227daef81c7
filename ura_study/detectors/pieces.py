"""Pieces of an image that are pasted elsewhere in it: what MRKD masks by, and PCSNet's pseudo-anomalies.

From the authors' code of both, which takes it from NSA (Schlüter et al., Natural Synthetic Anomalies for
Self-Supervised Anomaly Detection and Localization, ECCV 2022): rectangles are copied from another place of the same
image, and not blended. Half of a side is drawn from a gamma distribution of shape 2 and scale 0.05, plus 0.03, within
bounds, as a share of the image's side. The source's centre is drawn, and what would lie outside of the image is cut
off; the target lies within it. There is one rectangle, and a coin is tossed for each further one. A pixel counts as
changed where its channels differ by more than 1 (of 255) in the mean, and so do most pixels of the 5 × 5 around it.

Our own choice: one pair of bounds (0.03 to 0.4) and one number of pieces for all categories, and pieces from anywhere,
where the authors choose bounds, number and the share of the object that a piece must cover for each category by hand.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

#: Scale of the gamma distribution of shape 2, what is added, and the bounds, as shares of the image's side.
SCALE, LEAST, MOST = 0.05, 0.03, 0.4
#: Least mean difference of a changed pixel's channels, and side of the square in which most pixels must have it.
VISIBLE, GRAIN = 1.0, 5


def moved_about(images: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Return images (B, H, H, 3) in each of which 1 to `most` rectangles are copies of other places of it."""
    found = images.clone()
    side = images.shape[1]
    for source, target in zip(images, found, strict=True):
        for _ in range(1 + int(torch.randint(0, 2, (most - 1,), generator=generator).sum())):
            (top, height), (left, width) = (_stretch(side, generator) for _ in range(2))
            y, x = (int(torch.randint(0, side - length + 1, (1,), generator=generator)) for length in (height, width))
            target[y : y + height, x : x + width] = source[top : top + height, left : left + width]
    return found


def changed(images: Tensor, altered: Tensor) -> Tensor:
    """Return where pixels of altered images (B, H, H, 3) visibly differ from those of the images, (B, H, H) bool."""
    differs = (altered.float() - images.float()).abs().mean(dim=3) > VISIBLE
    most = functional.avg_pool2d(differs.float()[:, None], GRAIN, stride=1, padding=GRAIN // 2) > 0.5
    return differs & most[:, 0]


def _stretch(side: int, generator: torch.Generator) -> tuple[int, int]:
    """Return the first pixel and the length of a source, at least one pixel, along one axis of an image."""
    uniform = 1 - torch.rand(2, generator=generator, dtype=torch.float64)  # in (0, 1]
    gamma = -float(uniform.log().sum()) * SCALE  # a sum of two exponential draws has a gamma distribution of shape 2
    half = max(1, round(min(max(gamma + LEAST, LEAST), MOST) * side))
    least = round(LEAST * side)
    centre = int(torch.randint(least, max(least + 1, side - least), (1,), generator=generator))
    first = max(0, centre - half)
    return first, min(side, centre + half) - first
