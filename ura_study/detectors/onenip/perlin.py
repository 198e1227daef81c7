"""Perlin noise (Perlin, An Image Synthesizer, SIGGRAPH 1985), by which DRAEM shapes synthetic defects."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def perlin_noise(side: int, rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """Return smooth noise (side, side), about −1..1, which is 0 on a lattice of `rows` × `columns` cells."""
    angles = 2 * math.pi * torch.rand(rows + 1, columns + 1, generator=generator)
    y, x = (torch.arange(side) * (cells / side) for cells in (rows, columns))  # in cells
    top, left = y.long(), x.long()
    down, right = (y - top)[:, None], (x - left)[None]  # (side, 1) and (1, side), 0..1 within a cell

    def slope(below: int, beside: int) -> Tensor:
        """Return at each pixel the height of the plane that rises from one corner of its cell."""
        angle = angles[top + below][:, left + beside]  # (side, side)
        return angle.cos() * (down - below) + angle.sin() * (right - beside)

    across = faded(right)
    upper = torch.lerp(slope(0, 0), slope(0, 1), across)
    lower = torch.lerp(slope(1, 0), slope(1, 1), across)
    return math.sqrt(2) * torch.lerp(upper, lower, faded(down).expand(side, side))


def faded(share: Tensor) -> Tensor:
    """Return a smooth step from 0 to 1 of shares 0..1, flat at both ends.

    Example:
        >>> faded(torch.tensor([0.0, 0.25, 0.5, 1.0]))
        tensor([0.0000, 0.1035, 0.5000, 1.0000])
    """
    return share**3 * (share * (6 * share - 15) + 10)
