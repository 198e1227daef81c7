"""The networks of FADeR on feature maps: a U-Net that inpaints, and the attenuation of its skip connections.

What is known of the paper's (see `network`): a decoder with skip connections, and two layers (an MLP) that attenuate
features on them.

Our own choice is the rest. The grid is halved three times, by 3 × 3 convolutions of stride 2, and doubled again by
nearest neighbours; all levels have the same width. The layer of the finest level looks at each place alone, so that
what surrounds a place comes from the coarser levels. Each skip connection has an MLP of its own, which sees one place:
what comes through the skip, and what the decoder made of the coarser levels. Between its two layers stands the absolute
value, not a ReLU, so that differences of the two count by their size. There is no normalisation, since features come
standardised. The last layer of the U-Net begins at zero, so that the first reconstruction is the mean token; other
weights are Kaiming's, normal.

Legend: B images, C channels, S side of the grid, W width, S_l side of level l, finest first.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

#: How often the grid is halved. There is a skip connection before each halving.
HALVINGS = 3


class UNet(nn.Module):
    """From maps (B, C, S, S), partly hidden, to maps of the same shape."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.inward, self.outward = nn.Conv2d(channels, width, 1), nn.Conv2d(width, channels, 1)
        self.down = nn.ModuleList(nn.Conv2d(width, width, 3, stride=2, padding=1) for _ in range(HALVINGS))
        sides = [1, *[3] * (HALVINGS - 1)]  # of the kernels, finest first
        self.up = nn.ModuleList(nn.Conv2d(2 * width, width, side, padding=side // 2) for side in sides)

    def forward(self, maps: Tensor, visible: Tensor) -> Tensor:
        """Return what maps (B, C, S, S) are inpainted to; of them, what `visible` (B, 1, S, S), 1 or 0, lets see."""
        return self.decoded(self.encoded(maps, visible), visible)[0]

    def encoded(self, maps: Tensor, visible: Tensor) -> list[Tensor]:
        """Return the levels (B, W, S_l, S_l): those of the skip connections and the coarsest one."""
        levels = [self.inward(maps * visible).relu()]
        for layer in self.down:
            levels.append(layer(levels[-1]).relu())
        return levels

    def decoded(
        self, levels: Sequence[Tensor], visible: Tensor, attenuation: Attenuation | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Return maps (B, C, S, S), and the logits (B, 1, S_l, S_l) of each skip connection's attenuation, if any."""
        *skips, found = levels
        said: list[Tensor] = []
        shares = at_skips(visible, levels)
        for level in reversed(range(HALVINGS)):
            above = functional.interpolate(found, size=skips[level].shape[2:])
            passed = shares[level] * skips[level]
            if attenuation is not None:
                said.insert(0, attenuation(level, above, passed))
                passed = (1 - said[0].sigmoid()) * passed
            found = self.up[level](torch.cat([above, passed], dim=1)).relu()  # (B, 2 W, S_l, S_l) -> (B, W, S_l, S_l)
        return self.outward(found), said


class Attenuation(nn.Module):
    """Two layers for each skip connection, which say of each place of it how far it is to be attenuated."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.ModuleList(nn.Conv2d(2 * width, width, 1) for _ in range(HALVINGS))
        self.second = nn.ModuleList(nn.Conv2d(width, 1, 1) for _ in range(HALVINGS))

    def forward(self, level: int, above: Tensor, passed: Tensor) -> Tensor:
        """Return the logits (B, 1, S_l, S_l) of the share of `passed` (B, W, S_l, S_l) that is to be taken away.

        `above` is what the decoder made of the coarser levels. No gradient leads to either.
        """
        apart = self.first[level](torch.cat([above, passed], dim=1).detach())  # (B, 2 W, S_l, S_l) -> (B, W, S_l, S_l)
        return self.second[level](apart.abs())


def at_skips(maps: Tensor, levels: Sequence[Tensor]) -> list[Tensor]:
    """Return maps (B, 1, S, S) at each skip connection's size, (B, 1, S_l, S_l): means over what a place covers."""
    return [functional.adaptive_avg_pool2d(maps, (level.shape[2], level.shape[3])) for level in levels[:-1]]


@torch.no_grad()
def draw_weights(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of all convolutions by Kaiming's normal distribution; biases become 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            weight = torch.empty(layer.weight.shape)
            layer.weight.copy_(nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator))
            if layer.bias is not None:
                layer.bias.zero_()
