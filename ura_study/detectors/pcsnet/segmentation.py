"""The context-aware segmentation of PCSNet: from adapted features and distances to one map.

From the authors' code, which takes its form from the feature enrichment of PFENet (Tian et al., TPAMI 2020): features
and distances are brought to four grids, fused there by a 1 × 1 convolution, joined with the next finer grid's result
and refined by two 3 × 3 convolutions with a residual path; the four results, brought back to one grid, are fused and
refined alike, and one 3 × 3 and one 1 × 1 convolution give the map. ReLU follows every convolution but the last, and in
training a tenth of the channels before that is dropped. Convolutions have no bias, but for the last.

Our own choice: the grids' sides are shares of the feature grid's, where the authors have 60, 30, 15 and 8 of 64; the
first 1 × 1 convolutions see all channels, where the authors keep 896 of their 1,792. What the authors' code computes of
each grid and does not use is left out.

Legend: B images, C channels, M distances, S side of the grid, D width.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from ura_study.features.transfer import sent

#: Sides of the grids as shares of S, finest first.
SHARES = (60 / 64, 30 / 64, 15 / 64, 8 / 64)
#: Share of the channels before the last convolution that is dropped in training.
DROPPED = 0.1


class Segmentation(nn.Module):
    """Features (B, C, S, S) and distances (B, M, S, S) in, a map (B, S, S) out."""

    def __init__(self, channels: int, distances: int, width: int, side: int) -> None:
        super().__init__()
        self.sides = [max(1, round(share * side)) for share in SHARES]
        self.fused = nn.ModuleList(convolution(channels + distances, width) for _ in SHARES)
        self.joined = nn.ModuleList(convolution(2 * width, width) for _ in SHARES[1:])
        self.refined = nn.ModuleList(refinement(width) for _ in SHARES)
        self.together = convolution(len(SHARES) * width, width)
        self.refined_together = refinement(width)
        self.before = convolution(width, width, 3)
        self.last = nn.Conv2d(width, 1, 1)

    def forward(self, features: Tensor, distances: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return the map; channels are dropped if there is a generator."""
        side = features.shape[-1]
        found: list[Tensor] = []
        for level, own in enumerate(self.sides):
            coarse = averaged(features, own), resized(distances, own)
            maps = self.fused[level](torch.cat(coarse, dim=1))
            if found:
                maps = maps + self.joined[level - 1](torch.cat([maps, resized(found[-1], own)], dim=1))
            maps = maps + self.refined[level](maps)
            found.append(resized(maps, side))
        maps = self.together(torch.cat(found, dim=1))
        maps = self.before(maps + self.refined_together(maps))
        if generator is not None:
            kept = torch.rand(*maps.shape[:2], 1, 1, generator=generator) >= DROPPED  # (B, D, 1, 1)
            maps = maps * sent(kept / (1 - DROPPED), maps.device)
        return self.last(maps)[:, 0]


def convolution(channels: int, out: int, side: int = 1) -> nn.Sequential:
    """Return a convolution without bias, and a ReLU."""
    return nn.Sequential(nn.Conv2d(channels, out, side, padding=side // 2, bias=False), nn.ReLU())


def refinement(width: int) -> nn.Sequential:
    """Return two 3 × 3 convolutions, each with a ReLU."""
    return nn.Sequential(convolution(width, width, 3), convolution(width, width, 3))


def averaged(maps: Tensor, side: int) -> Tensor:
    """Return maps (B, C, H, H) as (B, C, side, side), as `adaptive_avg_pool2d` does."""
    return _along_both(maps, _averaging(maps.shape[-1], side))


def resized(maps: Tensor, side: int) -> Tensor:
    """Return maps (B, C, H, H) as (B, C, side, side), bilinear with corners aligned, as `interpolate` does."""
    return _along_both(maps, _resizing(maps.shape[-1], side))


def _along_both(maps: Tensor, matrix: Tensor) -> Tensor:
    """Apply a linear map (side, H) to rows and columns: on a GPU the gradients of PyTorch's own do not repeat."""
    matrix = sent(matrix, maps.device)
    return matrix @ maps @ matrix.T


@lru_cache
def _averaging(before: int, after: int) -> Tensor:
    return functional.adaptive_avg_pool1d(torch.eye(before), after).T


@lru_cache
def _resizing(before: int, after: int) -> Tensor:
    return functional.interpolate(torch.eye(before)[None], size=after, mode="linear", align_corners=True)[0].T
