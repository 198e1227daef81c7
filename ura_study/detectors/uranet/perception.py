"""Perception: a Bayesian network predicts where anomalies are, and how certain that is (statement 3 of the abstract).

Our own choice: the input is the whitened error of a first restoration, made before anything is suspected (without
restoration, the whitened tokens). The discriminative network of DRAEM (Zavrtanik et al. 2021) sees input and
reconstruction for the same reason: normal tokens differ between images, restoration errors differ less. After
whitening, directions in which normal tokens hardly vary count as much as those in which they vary most; deviations in
the former are the most informative (Rippel et al. 2021).

A network is radial: the logit is linear in the logarithm of the mean square of its units. Before training this is the
Mahalanobis distance, with even odds at a distance that few normal tokens exceed; without synthesis it stays so.
Training learns how probable an anomaly is at each distance and in each direction. With leaky ReLUs instead, some real
anomalies look more normal than normal tokens, because synthesis does not cover every direction. For the same reason the
anomaly map uses the untrained distance, and the probabilities only tell restoration which tokens to distrust: with the
trained distance, real defects were localised worse.

Normal images do not tell which kind of anomaly will come. So the posterior is a mixture: each of a few heads learns
from corruption of its own strength (a deep ensemble, Lakshminarayanan et al. 2017, whose members differ in the task and
not only in initialisation), and each has a Gaussian posterior over its weights. A Monte-Carlo sample is one network: a
head with weights drawn for it. With one head, the independent noise of the weights would average out over the units,
and the samples would agree.

With p_m the probability under sample m, E and Var over the samples, the variance of the token's label splits by the law
of total variance into

    E[p](1 − E[p])  =  Var[p]  +  E[p(1 − p)]
      total            epistemic    aleatoric

the variance form of the split of Depeweg et al. (2018), for the two kinds of uncertainty of Kendall & Gal (2017).

Legend: B images, N tokens, C channels, U units, G heads, M samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ura_study.detectors.uranet.bayes import BayesianLinear, PointLinear
from ura_study.detectors.uranet.config import PerceptionSettings
from ura_study.detectors.uranet.statistics import moments_of, whitening

#: How much the logit rises at the start when a token's squared distance grows e-fold.
GAIN = 3.0
#: Share of the normal tokens nearer than the distance at which the odds are even at the start.
NORMAL_SHARE = 0.975


@dataclass(frozen=True)
class Perceived:
    """Summary of the sampled predictions for tokens (B, N)."""

    probability: Tensor
    """Mean over samples, 0..1."""
    epistemic: Tensor
    """Variance over samples, 0..0.25."""
    aleatoric: Tensor
    """Mean over samples of p(1 − p), 0..0.25."""
    distance: Tensor
    """Mahalanobis distance from normal tokens, per channel; it does not depend on the sample."""


class Head(nn.Module):
    """C → U Bayesian (or plain) units → the logarithm of their mean square → the logit."""

    def __init__(self, settings: PerceptionSettings, channels: int) -> None:
        super().__init__()
        self.layer: PointLinear = (
            BayesianLinear(channels, settings.width, settings.prior_std, settings.posterior_std)
            if settings.bayesian
            else PointLinear(channels, settings.width)
        )
        self.log_gain = nn.Parameter(torch.zeros(()))
        self.log_even = nn.Parameter(torch.zeros(()))

    @torch.no_grad()
    def initialise(self, even: float, generator: torch.Generator) -> None:
        """Start as the distance from the centre; the odds are even where its square per channel is `even`."""
        self.layer.initialise(generator)
        outputs, inputs = self.layer.mean.shape
        self.layer.mean.copy_(rotation(outputs, inputs, generator))
        self.log_gain.fill_(math.log(GAIN))
        self.log_even.fill_(math.log(even))

    def logit(self, energy: Tensor) -> Tensor:
        """Return the logits of tokens whose units have the mean square `energy`."""
        return self.log_gain.exp() * ((energy + 1e-6).log() - self.log_even)


class Perception(nn.Module):
    """Whitening, then G heads."""

    centre: Tensor
    whitening: Tensor

    def __init__(self, settings: PerceptionSettings, channels: int) -> None:
        super().__init__()
        self.settings = settings
        self.heads = nn.ModuleList(Head(settings, channels) for _ in range(settings.regimes))
        self.register_buffer("centre", torch.zeros(channels))
        self.register_buffer("whitening", torch.eye(channels))

    @torch.no_grad()
    def initialise(self, normal: Tensor, generator: torch.Generator) -> None:
        """Start as the Mahalanobis distance from what is seen of normal tokens, (T, C)."""
        moments = moments_of(normal)
        self.centre.copy_(moments.mean)
        self.whitening.copy_(whitening(moments.covariance))
        energy = self.whiten(normal).square().mean(dim=1)
        even = energy.sort().values[int(NORMAL_SHARE * (len(energy) - 1))].clamp_min(1e-6).item()
        for head in self._each:
            head.initialise(even, generator)

    @property
    def _each(self) -> list[Head]:
        """The heads, with their type: a `ModuleList` is typed as a list of modules."""
        return [head for head in self.heads if isinstance(head, Head)]

    def whiten(self, tokens: Tensor) -> Tensor:
        """Return tokens (..., C) whitened, the input of the network."""
        return (tokens - self.centre) @ self.whitening

    def forward(self, seen: Tensor, regimes: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return sampled logits (B, N) of whitened tokens (B, N, C), for training, and the posterior's divergence.

        That is the divergence of all weights from their prior, in nats. `regimes` (B,) are the numbers of the heads
        that learn from the images.
        """
        heads = self._each
        stds = [head.layer.std for head in heads]
        each = ((x, heads[g], stds[g]) for x, g in zip(seen, regimes.tolist(), strict=True))
        logits = torch.stack([head.logit(energy_of(head.layer(x, std, generator))) for x, head, std in each])
        divergences = [head.layer.divergence(std) for head, std in zip(heads, stds, strict=True)]
        return logits, torch.stack(divergences).sum()

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Return the weights (M, U, C) of `count` networks. The heads take turns, the middle one first."""
        heads = self._each
        return torch.cat([heads[g].layer.sample(1, generator) for g in turns(len(heads), count)])

    def perceive(self, seen: Tensor, networks: Tensor) -> Perceived:
        """Return the summary of the predictions of sampled `networks` (M, U, C) for whitened tokens (B, N, C)."""
        heads, logits = self._each, []
        for weights, g in zip(networks, turns(len(heads), len(networks)), strict=True):
            units = functional.linear(seen, weights, heads[g].layer.bias)  # (B, N, U)
            logits.append(heads[g].logit(energy_of(units)))
        return summarise(torch.stack(logits), energy_of(seen).sqrt())


def energy_of(units: Tensor) -> Tensor:
    """Return the mean square (...) of units (..., U)."""
    return units.float().square().mean(dim=-1)


def turns(heads: int, count: int) -> list[int]:
    """Return the number of the head of each of `count` samples: first the middle one, then outwards, repeatedly.

    With three heads: 1, 0, 2, 1, 0, …
    """
    order = sorted(range(heads), key=lambda head: abs(head - (heads - 1) / 2))
    return [order[sample % heads] for sample in range(count)]


def rotation(outputs: int, inputs: int, generator: torch.Generator) -> Tensor:
    """Return a random (O, I) matrix whose outputs have the same mean square as its inputs; a projection if O < I."""
    drawn = torch.randn((max(outputs, inputs), min(outputs, inputs)), generator=generator)
    orthonormal = torch.linalg.qr(drawn).Q * math.sqrt(max(outputs / inputs, 1))
    return orthonormal if outputs >= inputs else orthonormal.T


def summarise(logits: Tensor, distance: Tensor) -> Perceived:
    """Return the summary of the logits (M, B, N) of M samples; `distance` (B, N) is passed on."""
    p = logits.sigmoid()
    return Perceived(p.mean(dim=0), p.var(dim=0, correction=0), (p * (1 - p)).mean(dim=0), distance)


def suspicion(perceived: Perceived, caution: float) -> Tensor:
    """Return an upper bound (B, N) on the probability, 0..1: the more the samples disagree, the higher."""
    return (perceived.probability + caution * perceived.epistemic.sqrt()).clamp(max=1)


def spread(suspected: Tensor) -> Tensor:
    """Return the highest suspicion (B, N) within 3 × 3 tokens, since a neighbour of a defect partly contains it."""
    side = math.isqrt(suspected.shape[1])
    return functional.max_pool2d(suspected.view(-1, 1, side, side), 3, stride=1, padding=1).flatten(1)
