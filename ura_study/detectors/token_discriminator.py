"""What SimpleNet and PBAS share: a linear adaptor, and a discriminator that tells its tokens from anomalous ones.

They differ in how anomalous tokens are made of normal ones, and in the loss. What is from their authors' code stands in
their own headers.

Legend: B images, N = S·S tokens, C channels, T tokens of a batch or of a step.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.uranet.statistics import to_tokens, token_statistics
from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps
from ura_study.features.transfer import sent

#: Learning rates as shares of `training.lr`: with its default of 2e-3 they are the authors' 1e-4 and 2e-4.
ADAPTOR_RATE, DISCRIMINATOR_RATE = 0.05, 0.1
#: Slope of the leaky ReLU below 0.
SLOPE = 0.2


class TokenDiscriminator(Detector):
    """A discriminator between adapted tokens of normal images and anomalous tokens made of them."""

    std: Tensor

    def __init__(self, channels: int, hidden: int, standardise: bool, image_score: Literal["max", "map"]) -> None:
        super().__init__()
        self.standardise, self.image_score = standardise, image_score
        self.register_buffer("std", torch.ones(channels))
        self.adaptor = nn.Linear(channels, channels)
        self.discriminator = nn.Sequential(
            nn.Linear(channels, hidden),
            nn.BatchNorm1d(hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden, 1, bias=False),
        )

    @abstractmethod
    def anomaly(self, found: Tensor) -> Tensor:
        """Return the scores of tokens from the discriminator's outputs, of the same shape; larger is more anomalous."""

    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Take the channels' standard deviations, and draw the initial weights."""
        if self.standardise:
            self.std = token_statistics(train, self.device, generator).std
        draw_weights(self, generator)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return adaptor and discriminator, each with its own learning rate."""
        return [
            {"params": list(self.adaptor.parameters()), "lr_factor": ADAPTOR_RATE},
            {"params": list(self.discriminator.parameters()), "lr_factor": DISCRIMINATOR_RATE},
        ]

    @torch.no_grad()
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the map and, unless the settings compute it from the map, its maximum for each image."""
        self.eval()
        found = self.anomaly(self.discriminator(self.adaptor(self.tokens(batch))))  # (T, 1)
        maps = found.view(len(batch), *batch.features.shape[2:])  # (T, 1) -> (B, S, S)
        return Scores(maps, images=maps.amax(dim=(1, 2)) if self.image_score == "max" else None)

    def tokens(self, batch: Batch) -> Tensor:
        """Return all tokens of a batch, (T, C), their channels brought to one deviation if the settings say so."""
        return to_tokens(batch.features).flatten(0, 1) / self.std  # (B, N, C) -> (T, C)

    def told_apart(self, normal: Tensor, anomalous: Tensor) -> tuple[Tensor, Tensor]:
        """Return the discriminator's outputs (T,) of normal and of anomalous tokens (T, C), normalised as one batch."""
        found = self.discriminator(torch.cat([normal, anomalous]))[:, 0]  # (2·T,)
        return found[: len(normal)], found[len(normal) :]


def draw_weights(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of all linear layers by Xavier's normal distribution; biases become 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            weight = nn.init.xavier_normal_(torch.empty(layer.weight.shape), generator=generator)
            with torch.no_grad():
                layer.weight.copy_(weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def drawn(tokens: Tensor, count: int | None, generator: torch.Generator) -> Tensor:
    """Return `count` of the tokens (T, C), drawn without replacement; all of them where there are no more, or None."""
    if count is None or count >= len(tokens):
        return tokens
    return tokens[sent(torch.randperm(len(tokens), generator=generator)[:count], tokens.device)]
