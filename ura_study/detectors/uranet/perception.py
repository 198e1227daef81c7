"""Perception: a Bayesian network says where anomalies are, and how sure that is (statement 3 of the abstract).

Our own choice: a token-wise network (1 × 1 convolutions, in other words), so that it judges features and not shapes.
Its input is whitened: directions in which normal tokens hardly vary then count as much as those in which they vary
most, and deviations along them are the telling ones (Rippel et al. 2021).

With p_m the probability under weight sample m, E and Var over the samples, the variance of the token's label splits by
the law of total variance into

    E[p](1 − E[p])  =  Var[p]  +  E[p(1 − p)]
      total            epistemic    aleatoric

the variance form of the split of Depeweg et al. (2018), for the two kinds of uncertainty of Kendall & Gal (2017).

Legend: B images, N tokens, C channels, H hidden units, M weight samples.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ura_study.detectors.uranet.bayes import BayesianLinear, PointLinear
from ura_study.detectors.uranet.config import PerceptionSettings
from ura_study.detectors.uranet.statistics import TokenStatistics, whitening


@dataclass(frozen=True)
class Perceived:
    """What the weight samples say of tokens (B, N)."""

    probability: Tensor
    """Mean over samples, 0..1."""
    epistemic: Tensor
    """Variance over samples, 0..0.25."""
    aleatoric: Tensor
    """Mean over samples of p(1 − p), 0..0.25."""
    evidence: Tensor
    """Mean over samples of the logit of p."""


class Perception(nn.Module):
    """Whitening, then C → H → … → H → 1, each layer Bayesian (or all plain); batch norm and leaky ReLU in between."""

    def __init__(self, settings: PerceptionSettings, channels: int) -> None:
        super().__init__()
        widths = [channels, *[settings.width] * settings.depth, 1]
        pairs = itertools.pairwise(widths)
        self.layers = nn.ModuleList(_layer(settings, i, o) for i, o in pairs)
        self.norms = nn.ModuleList(nn.BatchNorm1d(settings.width) for _ in range(settings.depth))
        self.register_buffer("whitening", torch.eye(channels))

    def initialise(self, statistics: TokenStatistics, generator: torch.Generator) -> None:
        """Set the whitening and draw the initial weights."""
        self.whitening.copy_(whitening(statistics.covariance))
        for layer in self.layers:
            layer.initialise(generator)
        for norm in self.norms:
            norm.reset_parameters()

    def forward(self, tokens: Tensor, generator: torch.Generator) -> Tensor:
        """Return sampled logits (B, N) of tokens (B, N, C), for training."""
        hidden = tokens.flatten(0, 1) @ self.whitening  # (B·N, C)
        for layer, norm in zip(self.layers, self.norms, strict=False):
            hidden = functional.leaky_relu(norm(layer(hidden, generator)), 0.2)
        return self.layers[-1](hidden, generator).view(tokens.shape[:2])  # (B·N, 1) -> (B, N)

    def sample(self, count: int, generator: torch.Generator) -> list[Tensor]:
        """Return `count` networks as one stack of weights (M, O, I) per layer."""
        return [layer.sample(count, generator) for layer in self.layers]

    def logits(self, tokens: Tensor, networks: list[Tensor]) -> Tensor:
        """Return the logits (M, B, N) of tokens (B, N, C) under each of the sampled networks."""
        hidden = (tokens.flatten(0, 1) @ self.whitening)[None]  # (1, B·N, C)
        for layer, norm, weights in zip(self.layers, self.norms, networks, strict=False):
            hidden = hidden @ weights.transpose(1, 2) + layer.bias  # (M, B·N, H)
            hidden = functional.leaky_relu(norm(hidden.flatten(0, 1)), 0.2).view(hidden.shape)
        logits = hidden @ networks[-1].transpose(1, 2) + self.layers[-1].bias  # (M, B·N, 1)
        return logits.view(-1, *tokens.shape[:2])  # (M, B, N)

    def divergence(self) -> Tensor:
        """Return the divergence of all weights from their prior, in nats."""
        return torch.stack([layer.divergence() for layer in self.layers]).sum()


def _layer(settings: PerceptionSettings, inputs: int, outputs: int) -> PointLinear:
    if not settings.bayesian:
        return PointLinear(inputs, outputs)
    return BayesianLinear(inputs, outputs, settings.prior_std, settings.posterior_std)


def summarise(logits: Tensor) -> Perceived:
    """Return what logits (M, B, N) of M weight samples say together."""
    p = logits.sigmoid()
    return Perceived(p.mean(dim=0), p.var(dim=0, correction=0), (p * (1 - p)).mean(dim=0), logits.mean(dim=0))


def suspicion(perceived: Perceived, caution: float) -> Tensor:
    """Return an upper bound (B, N) on the probability, 0..1: where the samples disagree, no benefit of the doubt."""
    return (perceived.probability + caution * perceived.epistemic.sqrt()).clamp(max=1)
