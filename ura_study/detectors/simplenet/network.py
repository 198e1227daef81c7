"""SimpleNet (Liu et al., A Simple Network for Image Anomaly Detection and Localization, CVPR 2023, arXiv 2303.15140).

The local features (the paper's feature extractor, with p = 3) are computed in `features`. This module has the other
parts: a linear adaptor to the same number of channels, Gaussian noise on adapted features, a discriminator (linear,
batch normalisation, leaky ReLU with slope 0.2, linear), the truncated L1 loss, and the score, the negative output of
the discriminator. The image's score is its token's largest. The map is resized and smoothed like the map of any
detector, by default as published (sigma 4).

The paper's text was not at hand: `docs/methods.md` says where each constant is from. From the authors' code: the width
of the hidden layer, weights by Xavier's normal distribution, no bias in the last layer, and normal and noisy tokens
normalised in one batch.

Our own choice: channels are divided by their standard deviations, so that one level of noise fits any backbone, and a
step learns from some of a batch's tokens, drawn at random; `standardise` and `tokens` bring both back to the published
way. Other biases start at 0. The training is that of all detectors: AdamW with warm-up, cosine decay and clipped
gradients, where the authors have a constant rate. The last weights are the result, where the authors' code keeps those
of the epoch with the best image AUROC on the test images.

Adaptor, discriminator and score are in `token_discriminator`.

Legend: C channels, T tokens of a step.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ura_study.detectors.simplenet.config import SimpleNetSettings
from ura_study.detectors.token_discriminator import TokenDiscriminator, drawn
from ura_study.features.batch import Batch
from ura_study.features.transfer import sent


class SimpleNet(TokenDiscriminator):
    """A discriminator between adapted features of normal images and the same with noise."""

    def __init__(self, settings: SimpleNetSettings, channels: int, map_size: int) -> None:
        super().__init__(channels, settings.hidden, settings.standardise, settings.image_score)
        self.settings = settings

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the loss of normal and of noisy tokens, and their sum."""
        normal = self.adaptor(drawn(self.tokens(batch), self.settings.tokens, generator))  # (T, C)
        noisy = with_noise(normal, self.settings.noise_std, generator)
        above, below = truncated(*self.told_apart(normal, noisy), self.settings.margin)
        return {"total": above + below, "normal": above, "noisy": below}

    def anomaly(self, found: Tensor) -> Tensor:
        """Return the negative outputs."""
        return -found


def with_noise(tokens: Tensor, std: float, generator: torch.Generator) -> Tensor:
    """Return tokens (T, C) with independent Gaussian noise of standard deviation `std` added."""
    return tokens + sent(std * torch.randn(tokens.shape, generator=generator), tokens.device)


def truncated(normal: Tensor, noisy: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    """Return the truncated L1 losses of outputs for normal and for noisy tokens (T,), each a mean over tokens.

    Example:
        >>> truncated(torch.tensor([1.0, 0.1]), torch.tensor([-1.0, 0.1]), margin=0.5)
        (tensor(0.2000), tensor(0.3000))
    """
    return (margin - normal).clamp_min(0).mean(), (margin + noisy).clamp_min(0).mean()
