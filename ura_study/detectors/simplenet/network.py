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

Legend: B images, N = S·S tokens, C channels, T tokens of a batch or of a step.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.simplenet.config import SimpleNetSettings
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent

#: Learning rates as shares of `training.lr`: with its default of 2e-3 they are the paper's 1e-4 and 2e-4.
ADAPTOR_RATE, DISCRIMINATOR_RATE = 0.05, 0.1
#: Slope of the leaky ReLU below 0.
SLOPE = 0.2


class SimpleNet(Detector):
    """A discriminator between adapted features of normal images and the same with noise."""

    std: Tensor

    def __init__(self, settings: SimpleNetSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("std", torch.ones(channels))
        self.adaptor = nn.Linear(channels, channels)
        self.discriminator = discriminator(channels, settings.hidden)

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Take the channels' standard deviations, and draw the initial weights."""
        if self.settings.standardise:
            self.std = token_statistics(train, self.device, generator).std
        draw_weights(self, generator)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return adaptor and discriminator, each with its own learning rate."""
        return rates(self.adaptor, self.discriminator)

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the loss of normal and of noisy tokens, and their sum."""
        normal = self.adaptor(drawn(self._tokens(batch), self.settings.tokens, generator))  # (T, C)
        noisy = with_noise(normal, self.settings.noise_std, generator)
        found = self.discriminator(torch.cat([normal, noisy]))[:, 0]  # (2·T,)
        above, below = truncated(found[: len(normal)], found[len(normal) :], self.settings.margin)
        return {"total": above + below, "normal": above, "noisy": below}

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the map and, unless the settings compute it from the map, its maximum for each image."""
        self.eval()
        found = -self.discriminator(self.adaptor(self._tokens(batch)))  # (T, 1)
        maps = found.view(len(batch), *batch.features.shape[2:])  # (T, 1) -> (B, S, S)
        return Scores(maps, images=maps.amax(dim=(1, 2)) if self.settings.image_score == "max" else None)

    def _tokens(self, batch: Batch) -> Tensor:
        """Return all tokens, (T, C)."""
        return to_tokens(batch.features).flatten(0, 1) / self.std  # (B, N, C) -> (T, C)


def discriminator(channels: int, hidden: int) -> nn.Sequential:
    """Return the network from tokens (T, C) to one number each, (T, 1)."""
    return nn.Sequential(
        nn.Linear(channels, hidden),
        nn.BatchNorm1d(hidden),
        nn.LeakyReLU(SLOPE),
        nn.Linear(hidden, 1, bias=False),
    )


def draw_weights(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of all linear layers by Xavier's normal distribution; biases become 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            weight = nn.init.xavier_normal_(torch.empty(layer.weight.shape), generator=generator)
            with torch.no_grad():
                layer.weight.copy_(weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def rates(adaptor: nn.Module, judge: nn.Module) -> list[dict[str, Any]]:
    """Return the parameters of both, each with its share of the learning rate."""
    return [
        {"params": list(adaptor.parameters()), "lr_factor": ADAPTOR_RATE},
        {"params": list(judge.parameters()), "lr_factor": DISCRIMINATOR_RATE},
    ]


def drawn(tokens: Tensor, count: int | None, generator: torch.Generator) -> Tensor:
    """Return `count` of the tokens (T, C), drawn without replacement; all of them where there are no more, or None."""
    if count is None or count >= len(tokens):
        return tokens
    return tokens[sent(torch.randperm(len(tokens), generator=generator)[:count], tokens.device)]


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
