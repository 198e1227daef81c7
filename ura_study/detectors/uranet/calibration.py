"""Statistics of the evidence in normal images, used to add evidence of different layers and of different kinds.

Our own choice: all positions are normalised by the same statistics. Statistics per position would suit aligned images,
but they ruin the maps of an object in front of a plain background: the evidence there is normally almost zero, so dust
on the background would count as much as a defect of the object.

The statistics are computed on training images, each restored without the prototypes taken from it.

Legend: B images, N tokens, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

#: The energy of a layer is divided by this quantile of it over the normal tokens. Compared with division by the mean, a
#: layer with rare large errors counts less.
NORMAL_SHARE = 0.99


def channel_weights(energy: Tensor, channels: Sequence[int]) -> Tensor:
    """Return a weight (C,) for the squared error of each channel, so that all layers count alike.

    Args:
        energy: (B, N, layers) the mean squared error of each layer's channels, of normal tokens.
        channels: how many channels each layer has, C in all.
    """
    ordered = energy.flatten(0, 1).sort(dim=0).values  # (B·N, layers)
    usual = ordered[int(NORMAL_SHARE * (len(ordered) - 1))].clamp_min(1e-12)
    return torch.cat([(1 / (layer * size)).expand(size) for layer, size in zip(usual, channels, strict=True)])


class UsualEvidence(nn.Module):
    """Mean and standard deviation of one kind of evidence."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("std", torch.ones(()))

    def fit(self, evidence: Tensor) -> None:
        """Learn from the evidence (B, N) of normal images."""
        self.mean.copy_(evidence.mean())
        self.std.copy_(evidence.std().clamp_min(1e-6))

    def forward(self, evidence: Tensor) -> Tensor:
        """Return evidence (B, N) in standard deviations above the mean, so that all kinds have the same unit."""
        return (evidence - self.mean) / self.std
