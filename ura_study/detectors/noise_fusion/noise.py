"""Local multivariate Gaussian noise: features drawn at each position from the normal features at that position.

From the figure of the method on HetNet's project page: a Gaussian N(μ_ij, Σ_ij) of the training images' features at
each position (i, j) of the CNN's levels, and boxes of cells in which draws from it replace the features.

Our own choice: boxes are single positions of the coarsest level, each replaced with the same probability, and what they
cover of the finer levels. A draw is a random combination of the deviations of K training images from their mean,

    μ + Σ_k w_k (x_k − μ) / √(K − 1),   w_k ~ N(0, 1),

so it has their mean and covariance. No matrix is computed, and K may be smaller than the number of channels. Positions
are drawn independently. At most 64 images are kept, which bounds the memory: 168,000 numbers each for the default
backbone at side 256.

Legend: B images, K kept training images, C channels and H side of a level, N = H·H positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent

#: Most training images that are kept: they bound the memory, and the rank of the covariance.
MOST_IMAGES = 64


@dataclass(frozen=True)
class LocalGaussians:
    """A Gaussian for each position of one level."""

    mean: Tensor
    """(N, 1, C)"""
    deviations: Tensor
    """(N, K, C), those of the kept images, divided by √(K − 1)."""

    @classmethod
    def of(cls, maps: Tensor) -> LocalGaussians:
        """Return the Gaussians of the maps (K, C, H, H) of one level; those of a single image have no variance."""
        values = maps.flatten(2).permute(2, 0, 1)  # (K, C, N) -> (N, K, C)
        mean = values.mean(dim=1, keepdim=True)
        return cls(mean, (values - mean) / max(1, len(maps) - 1) ** 0.5)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return `count` maps (B, C, H, H) of independent draws."""
        number, kept, _ = self.deviations.shape
        weights = torch.randn((number, count, kept), generator=generator)
        drawn = self.mean + sent(weights, self.mean.device) @ self.deviations  # (N, B, C)
        return drawn.permute(1, 2, 0).unflatten(2, (round(number**0.5), -1))  # (B, C, N) -> (B, C, H, H)


def local_gaussians(train: FeatureMaps, device: torch.device, generator: torch.Generator) -> list[LocalGaussians]:
    """Return the Gaussians of each level, from at most `MOST_IMAGES` training images."""
    kept = torch.randperm(len(train), generator=generator)[:MOST_IMAGES].sort().values
    return [LocalGaussians.of(maps) for maps in train.batch(kept.tolist(), device).layers]


def replaced(
    levels: Sequence[Tensor], noise: Sequence[LocalGaussians], share: float, generator: torch.Generator
) -> list[Tensor]:
    """Return levels (B, C, H, H), the coarsest last, in which the same places are replaced by noise."""
    count, side = len(levels[-1]), levels[-1].shape[2]
    cells = sent((torch.rand((count, 1, side, side), generator=generator) < share).float(), levels[-1].device)
    return [
        torch.where(functional.interpolate(cells, size=maps.shape[2:]) > 0, own.draw(count, generator), maps)
        for maps, own in zip(levels, noise, strict=True)
    ]
