"""Perception: a Bayesian network says where anomalies are, and how sure that is (statement 3 of the abstract).

Our own choice: what is perceived is the error of a first restoration that trusts every token (the tokens themselves
where there is no restoration), averaged over 3 × 3 tokens and whitened. The discriminative network of DRAEM (Zavrtanik
et al. 2021) sees input and reconstruction for the same reason: what is normal differs between images, and what remains
unexplained differs less. Whitened, directions in which normal tokens hardly vary count as much as those in which they
vary most, and deviations along them are the telling ones (Rippel et al. 2021).

The network is radial: the logit is linear in the logarithm of the mean square of its Bayesian units. Before the first
step that is the Mahalanobis distance; training moves its centre and says which directions matter. With leaky ReLUs
instead, some real anomalies look more normal than normal tokens, for synthesis does not show every direction.

With p_m the probability under weight sample m, E and Var over the samples, the variance of the token's label splits by
the law of total variance into

    E[p](1 − E[p])  =  Var[p]  +  E[p(1 − p)]
      total            epistemic    aleatoric

the variance form of the split of Depeweg et al. (2018), for the two kinds of uncertainty of Kendall & Gal (2017).

Legend: B images, N tokens, C channels, H units, S² = N, M weight samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ura_study.detectors.uranet.bayes import BayesianLinear, PointLinear
from ura_study.detectors.uranet.config import PerceptionSettings
from ura_study.detectors.uranet.statistics import Moments, whitening

#: Side of the square of tokens over which is averaged what is perceived.
NEIGHBOURHOOD = 3
#: How much the logit rises at the start when a token's squared distance grows e-fold.
GAIN = 3.0


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
    """Whitening, then C → H Bayesian (or plain) units → the logarithm of their mean square → the logit."""

    def __init__(self, settings: PerceptionSettings, channels: int) -> None:
        super().__init__()
        self.layer = _layer(settings, channels, settings.width)
        self.log_gain = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(()))
        self.register_buffer("centre", torch.zeros(channels))
        self.register_buffer("whitening", torch.eye(channels))

    @torch.no_grad()
    def initialise(self, moments: Moments, generator: torch.Generator) -> None:
        """Start as the Mahalanobis distance from averaged normal tokens, whose `moments` are given."""
        self.centre.copy_(moments.mean)
        self.whitening.copy_(whitening(moments.covariance))
        self.layer.initialise(generator)
        self.layer.mean.copy_(rotation(*self.layer.mean.shape, generator))
        self.log_gain.fill_(math.log(GAIN))
        self.bias.fill_(-GAIN)

    def whiten(self, tokens: Tensor) -> Tensor:
        """Return what the network sees (B, N, C) of tokens (B, N, C)."""
        return (averaged(tokens) - self.centre) @ self.whitening

    def forward(self, seen: Tensor, generator: torch.Generator) -> Tensor:
        """Return sampled logits (B, N) of whitened tokens (B, N, C), for training."""
        return self._logit(self.layer(seen, generator))

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Return `count` networks: their weights (M, H, C)."""
        return self.layer.sample(count, generator)

    def logits(self, seen: Tensor, networks: Tensor) -> Tensor:
        """Return the logits (M, B, N) of whitened tokens (B, N, C) under each of the sampled networks."""
        return torch.stack([self._logit(functional.linear(seen, weights, self.layer.bias)) for weights in networks])

    def divergence(self) -> Tensor:
        """Return the divergence of all weights from their prior, in nats."""
        return self.layer.divergence()

    def _logit(self, units: Tensor) -> Tensor:
        energy = units.float().square().mean(dim=-1)  # (..., H) -> (...)
        return self.log_gain.exp() * (energy + 1e-6).log() + self.bias


def averaged(tokens: Tensor) -> Tensor:
    """Return tokens (B, N, C), each the mean of its neighbourhood: one anomalous token seldom comes alone."""
    side = math.isqrt(tokens.shape[1])
    maps = tokens.transpose(1, 2).unflatten(2, (side, side))  # (B, N, C) -> (B, C, S, S)
    maps = functional.avg_pool2d(maps, NEIGHBOURHOOD, 1, NEIGHBOURHOOD // 2, count_include_pad=False)
    return maps.flatten(2).transpose(1, 2)


def rotation(outputs: int, inputs: int, generator: torch.Generator) -> Tensor:
    """Return a random (O, I) matrix whose outputs have the mean square of its inputs; a projection where O < I."""
    drawn = torch.randn((max(outputs, inputs), min(outputs, inputs)), generator=generator)
    orthonormal = torch.linalg.qr(drawn).Q * math.sqrt(max(outputs / inputs, 1))
    return orthonormal if outputs >= inputs else orthonormal.T


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
