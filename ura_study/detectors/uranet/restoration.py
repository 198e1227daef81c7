"""Restoration: tokens are rebuilt from global normal information; what is suspect is no source (statement 4).

Our own choice: there is no residual path around the attention. A token's content only *selects* sources; what comes out
is made of trusted tokens of the image and of prototypes alone, so content cannot be copied past the mask. Attention is
a softmax over squared distances, and everything starts from training tokens: projections from principal components,
prototypes from cluster centres. So before the first step the block is a soft nearest-neighbour memory, as in PatchCore
(Roth et al. 2022) and in non-local means (Buades et al. 2005); training changes what "near" means, the prototypes and
the temperature. There is no feed-forward network after the attention: it made the restoration of anomalies better too.

Legend: B images, N = S·S tokens, Q tokens to restore, P to restore from, C channels, D width, h heads, d = D / h,
K prototypes.
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

    def forward(
        self, tokens: Tensor, suspicion: Tensor, chosen: Tensor | None = None, sources: Tensor | None = None
    ) -> Tensor:
        """Return restored tokens (B, Q, C) of standardised tokens (B, N, C).

        `chosen` (Q,) are the positions to restore and `sources` (P,) those to restore from; None: all of them.
        `suspicion` (B, P) is that of the sources, 0..1.
        """
        every = torch.arange(tokens.shape[1], device=tokens.device)
        chosen, sources = every if chosen is None else chosen, every if sources is None else sources
        bias = source_bias(suspicion, self.near[chosen][:, sources])  # (B, Q, P)
        state = self.encode(tokens[:, chosen])  # (B, Q, D)
        content = self.encode(tokens[:, sources])  # (B, P, D)
        for block in self.blocks:
            state = block(state, content, self.prototypes, bias)
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

    def forward(self, state: Tensor, content: Tensor, prototypes: Tensor, bias: Tensor) -> Tensor:
        """Return the new state (B, Q, D) of state (B, Q, D).

        Its sources are the image's content (B, P, D), to which bias (B, Q, P) applies, and prototypes (K, D).
        """
        bias = functional.pad(bias, (0, len(prototypes)))[:, None]  # (B, 1, Q, P + K)
        key, value = (self._sources(layer, content, prototypes) for layer in (self.key, self.value))
        sharpness = (-self.log_temperature).exp()[:, None, None]  # (h, 1, 1)
        query = 2 * sharpness * self._split(self.query(state))  # (B, h, Q, d)
        offset = sharpness * key.square().sum(dim=3)[:, :, None]  # (B, h, 1, P + K)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias - offset, scale=1.0)
        return self.out(mixed.transpose(1, 2).flatten(2))  # (B, h, Q, d) -> (B, Q, D)

    def _sources(self, layer: nn.Linear, content: Tensor, prototypes: Tensor) -> Tensor:
        shared = layer(prototypes).expand(len(content), -1, -1)  # (K, D) -> (B, K, D)
        return self._split(torch.cat([layer(content), shared], dim=1))  # (B, h, P + K, d)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)  # (B, L, D) -> (B, h, L, d)


def near(side: int, radius: int) -> Tensor:
    """Return (N, N) bool: whether two positions of an S × S grid are within `radius` rows and columns of each other."""
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    rows, columns = (x.flatten()[:, None] - x.flatten() for x in (row, column))  # (N, N)
    return (rows.abs() <= radius) & (columns.abs() <= radius)


def source_bias(suspicion: Tensor, excluded: Tensor) -> Tensor:
    """Return what is added to attention logits (B, Q, P): log trust, −inf for the suspect and the `excluded` (Q, P)."""
    trust = torch.where(suspicion < DISTRUST, 1 - suspicion, 0).log()  # (B, P)
    return trust[:, None].masked_fill(excluded, -torch.inf)
