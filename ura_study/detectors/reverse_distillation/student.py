"""The networks of reverse distillation: the bottleneck that fuses the teacher's levels, and the student.

From the authors' code: levels are brought to the coarsest one by 3 × 3 convolutions of stride 2, one for each halving,
and concatenated; a stage of residual blocks, the first of stride 2, makes an embedding of twice the coarsest level's
channels; the student has a stage of residual blocks for each level, in reverse order, the first of each twice as large
as its input by transposed convolutions of 2 × 2. Weights by Kaiming's normal distribution, those of transposed
convolutions by PyTorch's default; batch normalisation after each convolution, no biases.

Our own choice, so that any backbone can teach: blocks are basic ones (two 3 × 3 convolutions), where a teacher of
bottleneck blocks has a student of such; no activation after a stage's last block, since features of the default
backbone are negative, too, where those of a ResNet are not; and where a level is not twice as large as the next, maps
are interpolated to the size that is wanted (nearest neighbour). Stages can double by interpolation alone, as well.

Legend: B images, C_l channels and H_l side of level l, finest first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Module):
    """A residual block from maps (B, C, H, W) to (B, D, H', W'), halved with a stride of 2, or `doubled`."""

    def __init__(self, channels: int, out: int, stride: int = 1, doubled: bool = False) -> None:
        super().__init__()
        first = doubling(channels, out) if doubled else convolution(channels, out, stride)
        path = doubling(channels, out) if doubled else convolution(channels, out, stride, 1)
        self.first = nn.Sequential(first, nn.BatchNorm2d(out))
        self.second = nn.Sequential(convolution(out, out), nn.BatchNorm2d(out))
        same = stride == 1 and channels == out and not doubled
        self.path = nn.Identity() if same else nn.Sequential(path, nn.BatchNorm2d(out))
        self.activated = True
        self.doubled = doubled

    def forward(self, maps: Tensor) -> Tensor:
        """Return the block's output."""
        found = self.second(self.first(maps).relu()) + self.path(maps)
        return found.relu() if self.activated else found


class Bottleneck(nn.Module):
    """From the teacher's levels (B, C_l, H_l, W_l) to an embedding (B, 2 C, H / 2, W / 2) in the coarsest's."""

    def __init__(self, channels: Sequence[int], sides: Sequence[int], blocks: int) -> None:
        super().__init__()
        coarsest = channels[-1]
        self.paths = nn.ModuleList(
            _halved(own, coarsest, halvings(side, sides[-1])) for own, side in zip(channels, sides, strict=True)
        )
        self.stage = embedding(channels, blocks)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Return the embedding."""
        return self.stage(self.fused(levels))

    def fused(self, levels: Sequence[Tensor]) -> Tensor:
        """Return the levels in the size of the coarsest, each with as many channels as that, concatenated."""
        size = levels[-1].shape[2:]
        return torch.cat([_resized(path(maps), size) for path, maps in zip(self.paths, levels, strict=True)], dim=1)


class Student(nn.Module):
    """From the embedding to maps of all levels, of the teacher's shapes.

    With `transposed`, the first block of a stage doubles its input where the level is about twice as large or larger.
    """

    def __init__(self, channels: Sequence[int], sides: Sequence[int], blocks: int, transposed: bool = True) -> None:
        super().__init__()
        inputs = [2 * channels[-1], *reversed(channels[1:])]  # coarsest first
        from_sides = [math.ceil(sides[-1] / 2), *reversed(sides[1:])]
        each = zip(inputs, from_sides, reversed(channels), reversed(sides), strict=True)
        self.stages = nn.ModuleList(
            stage(own, out, blocks, activated=False, doubled=transposed and halvings(side, before) > 0)
            for own, before, out, side in each
        )

    def forward(self, embedding: Tensor, sizes: Sequence[torch.Size]) -> list[Tensor]:
        """Return the maps (B, C_l, H_l, W_l), finest first, for `sizes` (H_l, W_l) in the same order."""
        found, maps = [], embedding
        for blocks, size in zip(self.stages, reversed(sizes), strict=True):
            for block in blocks.children():
                maps = _resized(block(maps if block.doubled else _resized(maps, size)), size)
            found.append(maps)
            maps = maps.relu()
        return found[::-1]


def convolution(channels: int, out: int, stride: int = 1, side: int = 3) -> nn.Conv2d:
    """Return a convolution without bias."""
    return nn.Conv2d(channels, out, side, stride, padding=side // 2, bias=False)


def doubling(channels: int, out: int) -> nn.ConvTranspose2d:
    """Return a transposed convolution to maps that are twice as large, without bias."""
    return nn.ConvTranspose2d(channels, out, 2, stride=2, bias=False)


def stage(
    channels: int, out: int, blocks: int, stride: int = 1, activated: bool = True, doubled: bool = False
) -> nn.Sequential:
    """Return residual blocks one after another; `activated` is about the last one, `stride` and `doubled` the first."""
    found = [Block(channels, out, stride, doubled=doubled), *(Block(out, out) for _ in range(blocks - 1))]
    found[-1].activated = activated
    return nn.Sequential(*found)


def embedding(channels: Sequence[int], blocks: int) -> nn.Sequential:
    """Return the residual blocks from fused levels to the embedding: half the side, twice the coarsest's channels."""
    return stage(channels[-1] * len(channels), 2 * channels[-1], blocks, stride=2)


def halvings(side: int, coarsest: int) -> int:
    """Return how often a side is halved to come nearest to that of the coarsest level."""
    return max(0, round(math.log2(side / coarsest)))


def draw_weights(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of convolutions by Kaiming's normal distribution, and make their biases 0.

    Those of transposed ones are drawn uniformly, within 1 / sqrt(4 D) for D outputs of 2 × 2, as PyTorch does.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            inside = layer.out_channels * layer.kernel_size[0] * layer.kernel_size[1]
            with torch.no_grad():
                if isinstance(layer, nn.Conv2d):
                    drawn = math.sqrt(2 / inside) * torch.randn(layer.weight.shape, generator=generator)
                else:
                    drawn = (2 * torch.rand(layer.weight.shape, generator=generator) - 1) / math.sqrt(inside)
                layer.weight.copy_(drawn)
                if layer.bias is not None:
                    layer.bias.zero_()


def _halved(channels: int, out: int, times: int) -> nn.Module:
    """Return convolutions of stride 2, with the channels brought to `out` by the last one."""
    if not times:
        return (
            nn.Identity() if channels == out else nn.Sequential(convolution(channels, out, 1, 1), nn.BatchNorm2d(out))
        )
    layers: list[nn.Module] = []
    for i in range(times):
        wide = out if i == times - 1 else min(out, 2 * channels)
        layers += [convolution(channels, wide, 2), nn.BatchNorm2d(wide), nn.ReLU()]
        channels = wide
    return nn.Sequential(*layers)


def _resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    return maps if tuple(maps.shape[2:]) == tuple(size) else functional.interpolate(maps, size=tuple(size))
