"""What evidence is usual at each position of a normal image, so that maps of different kinds can be added.

Our own choice. It helps where all images are aligned, for the layout of an object makes residuals depend on the position.
Before a plain background it does harm: where next to nothing is usual, dust counts as much as a defect of the object, and
localisation falls far below that of the plain residual. Only normal training images are used.

Legend: B images, N = S·S tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Side of the square over which the mean map is averaged: few images give a noisy mean.
NEIGHBOURHOOD = 5


class UsualEvidence(nn.Module):
    """Mean at each position and one spread over all positions. Belongs to scoring, so it is no part of the state."""

    def __init__(self, map_size: int, *, relative: bool) -> None:
        super().__init__()
        self.relative = relative
        """Whether evidence is divided by its mean (a positive scale) or the mean is subtracted (a logarithmic one)."""
        self.register_buffer("mean", torch.zeros(map_size**2), persistent=False)
        self.register_buffer("spread", torch.ones(()), persistent=False)

    def fit(self, evidence: Tensor) -> None:
        """Learn from the evidence (B, N) of normal images."""
        side = round(len(self.mean) ** 0.5)
        mean = evidence.mean(dim=0).view(1, 1, side, side)  # (N,) -> (1, 1, S, S)
        mean = functional.avg_pool2d(mean, NEIGHBOURHOOD, 1, NEIGHBOURHOOD // 2, count_include_pad=False)
        self.mean.copy_(mean.flatten())
        self.spread.fill_(1)
        self.spread.copy_(self(evidence).std().clamp_min(1e-6))

    def forward(self, evidence: Tensor) -> Tensor:
        """Return evidence (B, N) as standard deviations above what is usual at its position."""
        above = evidence - self.mean
        return (above / self.mean.clamp_min(1e-6) if self.relative else above) / self.spread
