"""Restoration: tokens are rebuilt from global normal information; what is suspect is no source (statement 4).

Our own choice: there is no residual path around the attention. A token's content only *selects* sources; what comes out
is made of trusted tokens of the image and of prototypes alone, so content cannot be copied past the mask. Attention is a
softmax over squared distances, and everything starts from training tokens: projections from principal components,
prototypes from cluster centres. So before the first step the block is a soft nearest-neighbour memory, as in PatchCore
(Roth et al. 2022) and in non-local means (Buades et al. 2005); training changes what "near" means, the prototypes and
the temperature.

Legend: B images, N = S·S tokens, Q tokens to restore, C channels, D width, h heads, d = D / h, K prototypes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ura_study.detectors.uranet.config import RestorationSettings
from ura_study.detectors.uranet.statistics import TokenStatistics, cluster_centres, principal_components

#: Tokens with at least this suspicion are no source at all; below it, their weight in the attention is 1 − suspicion.
DISTRUST = 0.5
#: Initial temperature in units of the mean squared distance from a training token to its nearest prototype.
TEMPERATURE = 0.2


class Restoration(nn.Module):
    """Tokens of C channels → D dimensions → attention blocks → C channels."""

    def __init__(self, settings: RestorationSettings, channels: int, map_size: int) -> None:
        super().__init__()
        width = min(settings.width, channels // settings.heads * settings.heads)
        self.encode = nn.utils.skip_init(nn.Linear, channels, width)
        self.decode = nn.utils.skip_init(nn.Linear, width, channels)
        self.prototypes = nn.Parameter(torch.zeros(settings.prototypes, width))
        self.blocks = nn.ModuleList(AttentionBlock(width, settings.heads) for _ in range(settings.depth))
        self.register_buffer("near", near(map_size, settings.exclusion), persistent=False)

    @torch.no_grad()
    def initialise(self, statistics: TokenStatistics, generator: torch.Generator) -> None:
        """Start as a soft nearest-neighbour memory of the sampled training tokens."""
        components = principal_components(statistics.covariance, self.encode.out_features)  # (C, D)
        self.encode.weight.copy_(components.T)
        self.decode.weight.copy_(components)
        self.encode.bias.zero_()
        self.decode.bias.zero_()
        tokens = statistics.sample @ components  # (T, D)
        self.prototypes.copy_(cluster_centres(tokens, len(self.prototypes), generator))
        nearest = torch.cdist(tokens[:1000], self.prototypes).square().amin(dim=1)
        for block in self.blocks:
            block.initialise(nearest.mean().item() * TEMPERATURE, generator)

    def forward(self, tokens: Tensor, suspicion: Tensor, chosen: Tensor | None = None) -> Tensor:
        """Return restored tokens (B, Q, C) of standardised tokens (B, N, C) with suspicion (B, N) in 0..1.

        `chosen` (Q,) are the positions to restore; None restores all.
        """
        bias = source_bias(suspicion, self.near if chosen is None else self.near[chosen])  # (B, Q, N)
        bias = functional.pad(bias, (0, len(self.prototypes)))  # (B, Q, N + K)
        content = self.encode(tokens)  # (B, N, D)
        prototypes = self.prototypes.expand(len(tokens), -1, -1)
        sources = torch.cat([content, prototypes], dim=1)  # (B, N + K, D)
        state = content if chosen is None else content[:, chosen]  # (B, Q, D)
        for block in self.blocks:
            state = block(state, sources, bias)
        return self.decode(state)


class AttentionBlock(nn.Module):
    """Each query becomes a mean of sources, weighted by the softmax of negative squared distances in each head."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (
            nn.utils.skip_init(nn.Linear, width, width, bias=False) for _ in range(4)
        )
        self.log_temperature = nn.Parameter(torch.zeros(heads))
        self.mix = nn.Sequential(
            nn.LayerNorm(width),
            nn.utils.skip_init(nn.Linear, width, 2 * width),
            nn.GELU(),
            nn.utils.skip_init(nn.Linear, 2 * width, width),
        )

    @torch.no_grad()
    def initialise(self, temperature: float, generator: torch.Generator) -> None:
        """Start with one rotation for queries, keys and values (none for a single head), undone at the output."""
        width = self.query.in_features
        rotation = torch.eye(width)
        if self.heads > 1:
            rotation = torch.linalg.qr(torch.randn((width, width), generator=generator)).Q
        for layer in (self.query, self.key, self.value):
            layer.weight.copy_(rotation)
        self.out.weight.copy_(rotation.T)
        self.log_temperature.fill_(torch.tensor(temperature / self.heads).log())
        self.mix[0].reset_parameters()
        self.mix[1].weight.copy_(torch.randn(self.mix[1].weight.shape, generator=generator) / width**0.5)
        self.mix[1].bias.zero_()
        self.mix[3].weight.zero_()
        self.mix[3].bias.zero_()

    def forward(self, state: Tensor, sources: Tensor, bias: Tensor) -> Tensor:
        """Return the new state (B, Q, D) from state (B, Q, D), sources (B, N + K, D) and bias (B, Q, N + K)."""
        key = self._split(self.key(sources))
        distance = 2 * self._split(self.query(state)) @ key.transpose(2, 3) - key.square().sum(dim=3)[:, :, None]
        logits = distance * (-self.log_temperature).exp()[:, None, None] + bias[:, None]  # (B, h, Q, N + K)
        mixed = logits.softmax(dim=3) @ self._split(self.value(sources))  # (B, h, Q, d)
        restored = self.out(mixed.transpose(1, 2).flatten(2))  # (B, h, Q, d) -> (B, Q, D)
        return restored + self.mix(restored)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)  # (B, L, D) -> (B, h, L, d)


def near(side: int, radius: int) -> Tensor:
    """Return (N, N) bool: whether two positions of an S × S grid are within `radius` rows and columns of each other."""
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    rows, columns = (x.flatten()[:, None] - x.flatten() for x in (row, column))  # (N, N)
    return (rows.abs() <= radius) & (columns.abs() <= radius)


def source_bias(suspicion: Tensor, excluded: Tensor) -> Tensor:
    """Return what is added to attention logits (B, Q, N): log trust, −inf for the suspect and the `excluded` (Q, N)."""
    trust = torch.where(suspicion < DISTRUST, 1 - suspicion, 0).log()  # (B, N)
    return trust[:, None].masked_fill(excluded, -torch.inf)
