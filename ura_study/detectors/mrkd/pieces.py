"""Image-level masking: pieces of an image are pasted elsewhere in it.

From the authors' code, which takes it from NSA (Schlüter et al., Natural Synthetic Anomalies for Self-Supervised
Anomaly Detection and Localization, ECCV 2022): rectangles are copied from another place of the same image, and not
blended; half of a rectangle's side is drawn from a gamma distribution of shape 2 and scale 0.05, plus 0.03, within
bounds, as a share of the image's side; there is one rectangle, and a coin is tossed for each further one.

Our own choice: here the draw is the whole side, so pieces are smaller, and how many there are is drawn evenly. There is
one pair of bounds (0.03 to 0.4) and one number of pieces for all categories, where the authors choose both, and the
share of the object that a piece must cover, for each category of MVTec AD by hand.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: Scale of the gamma distribution of shape 2, what is added, and the bounds, as shares of the image's side.
SCALE, LEAST, MOST = 0.05, 0.03, 0.4


def moved_about(images: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Return images (B, H, H, 3) in each of which 1 to `most` rectangles are copies of other places of it."""
    found = images.clone()
    side = images.shape[1]
    for source, target in zip(images, found, strict=True):
        for _ in range(int(torch.randint(1, most + 1, (1,), generator=generator))):
            height, width = _sides(side, generator)
            (y, x), (v, u) = (_corner(side, height, width, generator) for _ in range(2))
            target[v : v + height, u : u + width] = source[y : y + height, x : x + width]
    return found


def _sides(side: int, generator: torch.Generator) -> tuple[int, int]:
    """Return height and width of a piece, in pixels, at least one."""
    uniform = 1 - torch.rand(2, 2, generator=generator, dtype=torch.float64)  # in (0, 1]
    gamma = -uniform.log().sum(dim=1) * SCALE  # a sum of two exponential draws has a gamma distribution of shape 2
    height, width = ((gamma + LEAST).clamp(LEAST, MOST) * side).round().clamp_min(1).int().tolist()
    return height, width


def _corner(side: int, height: int, width: int, generator: torch.Generator) -> tuple[int, int]:
    """Return the upper left corner of a piece that lies within the image."""
    y, x = (int(torch.randint(0, side - length + 1, (1,), generator=generator)) for length in (height, width))
    return y, x
