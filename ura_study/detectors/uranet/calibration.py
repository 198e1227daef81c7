"""What is usual in normal images, so that evidence of different layers and of different kinds can be added.

Our own choice. Evidence is set against one level for all positions. Its level at each position would serve sets whose
images are aligned, and ruins the maps of an object before a plain background, where next to nothing is usual: dust
there then counts as much as a defect of the object.

Levels are taken on training images that are restored without the prototypes taken from them.

Legend: B images, N tokens, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

#: A layer's energy counts in units of what this share of the normal tokens stays below: layers with rare large errors
#: count less than by their mean.
NORMAL_SHARE = 0.99


def channel_weights(energy: Tensor, channels: Sequence[int]) -> Tensor:
    """Return a weight (C,) for the squared error of each channel, so that all layers count alike.

    Args:
        energy: (B, N, layers) the mean squared error of each layer's channels, of normal tokens.
        channels: how many channels each layer has, C in all.
    """
    ordered = energy.flatten(0, 1).sort(dim=0).values  # (B·N, layers)
    usual = ordered[int(NORMAL_SHARE * (len(ordered) - 1))].clamp_min(1e-12)
    sizes = torch.tensor(channels, device=energy.device)
    return (1 / (usual * sizes)).repeat_interleave(sizes)


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
        """Return evidence (B, N) as standard deviations above the mean: what is added has no unit."""
        return (evidence - self.mean) / self.std
