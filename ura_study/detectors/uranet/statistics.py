"""Statistics of the normal training features (statement 1: features of a frozen network are restored).

Our own choice: channels are standardised, and the space in which tokens are compared starts as the principal components
of the standardised tokens. Everything is streamed: one pass over the images, batch by batch.

Legend: B images, N = S·S tokens, C channels, D components, T sampled tokens, K kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ura_study.detectors.base import batches
from ura_study.detectors.patchcore.coreset import greedy_coreset
from ura_study.features.maps import FeatureMaps

#: Images per batch of the pass over the training set.
BATCH = 16
#: Tokens drawn from the training set, from which the prototypes are chosen.
SAMPLED_TOKENS = 100_000
#: Dimensions of the random projection in which the prototypes are chosen.
PROJECTION = 64
#: Lower bound on a channel's standard deviation, as a share of the median, so that a constant channel is not amplified.
MIN_RELATIVE_STD = 1e-3
#: Added to every variance before whitening, as a share of the mean variance; the smallest ones end with less than 1.
WHITENING_FLOOR = 0.3
#: Mean variance, in units of that of normal tokens, below which there is nothing to whiten.
CONSTANT = 1e-6


class Moments:
    """Mean and covariance of tokens that come in batches."""

    def __init__(self, channels: int) -> None:
        self.count = 0
        self.total = torch.zeros(channels, dtype=torch.float64)
        self.products = torch.zeros(channels, channels, dtype=torch.float64)

    def add(self, tokens: Tensor) -> None:
        """Take tokens (..., C) into account."""
        flat = tokens.reshape(-1, tokens.shape[-1])  # (B·N, C)
        self.total += flat.sum(dim=0).double().cpu()
        self.products += (flat.T @ flat).double().cpu()
        self.count += len(flat)

    @property
    def mean(self) -> Tensor:
        """(C,) float64 on the CPU."""
        return self.total / self.count

    @property
    def covariance(self) -> Tensor:
        """(C, C) float64 on the CPU."""
        return self.products / self.count - self.mean.outer(self.mean)


@dataclass(frozen=True)
class TokenStatistics:
    """Statistics of the normal tokens, and a sample of them."""

    mean: Tensor
    """(C,)"""
    std: Tensor
    """(C,), positive."""
    covariance: Tensor
    """(C, C), of the standardised tokens."""
    sample: Tensor
    """(T, C), standardised tokens drawn without replacement and evenly from the images."""
    origin: Tensor
    """(T,) the number of the image that each sampled token is from."""


def to_tokens(features: Tensor) -> Tensor:
    """Return feature maps (B, C, S, S) as tokens (B, N, C)."""
    return features.flatten(2).transpose(1, 2)  # (B, C, S, S) -> (B, C, N) -> (B, N, C)


def token_statistics(train: FeatureMaps, device: torch.device, generator: torch.Generator) -> TokenStatistics:
    """Return the statistics of all tokens of `train`, and a sample of them."""
    moments, sample, origin = Moments(train.channels), [], []
    per_image = min(-(-SAMPLED_TOKENS // len(train)), train.map_size**2)
    for index in batches(train, BATCH):
        tokens = to_tokens(train.batch(index, device).features)  # (B, N, C)
        order = torch.rand(tokens.shape[:2], generator=generator).argsort(dim=1)[:, :per_image]
        sample += [image[chosen] for image, chosen in zip(tokens, order.to(device), strict=True)]
        origin += [torch.full((per_image,), image) for image in index]
        moments.add(tokens)
    mean, covariance = moments.mean, moments.covariance
    std = covariance.diagonal().clamp_min(0).sqrt()
    std = std.clamp_min(MIN_RELATIVE_STD * std.median().item() + 1e-12)
    covariance = (covariance / std.outer(std)).float().to(device)
    mean, std = mean.float().to(device), std.float().to(device)
    return TokenStatistics(mean, std, covariance, (torch.cat(sample) - mean) / std, torch.cat(origin))


def principal_components(covariance: Tensor, count: int) -> Tensor:
    """Return the `count` leading eigenvectors (C, D) of a covariance (C, C), signs fixed by their largest entry."""
    vectors = torch.linalg.eigh(covariance.double().cpu()).eigenvectors[:, -count:].flip(1)  # (C, D)
    largest = vectors.gather(0, vectors.abs().argmax(dim=0, keepdim=True))
    return (vectors * largest.sign()).float().to(covariance.device)


def whitening(covariance: Tensor) -> Tensor:
    """Return the matrix W (C, C) with which tokens x (…, C) have about unit variance in every direction of x W.

    It is the identity where they do not vary: one training image alone is restored to itself.
    """
    values, vectors = torch.linalg.eigh(covariance.double().cpu())
    if values.mean() < CONSTANT:
        return torch.eye(len(values), device=covariance.device)
    scale = (values.clamp_min(0) + WHITENING_FLOOR * values.mean()).rsqrt()
    return (vectors * scale @ vectors.T).float().to(covariance.device)


def moments_of(tokens: Tensor) -> Moments:
    """Return the moments of tokens (T, C)."""
    moments = Moments(tokens.shape[1])
    moments.add(tokens)
    return moments


def covering_tokens(tokens: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return the indices (K,) of at most `count` tokens of (T, C) that cover all of them: a greedy coreset.

    Cluster centres lie where tokens are dense and do not cover rare ones; a coreset takes the rarest first.
    """
    size = min(PROJECTION, tokens.shape[1])
    matrix = torch.randn((tokens.shape[1], size), generator=generator).to(tokens) / size**0.5
    return greedy_coreset(tokens @ matrix, count, generator)
