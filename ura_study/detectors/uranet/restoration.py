"""Restoration: tokens are rebuilt from global normal information, not from suspected tokens (statement 4).

Our own choice: there is no residual path around the attention. A token's content only *selects* sources; the output is
a mean of trusted tokens of the image and of prototypes, so content cannot be copied past the mask. Attention is a
softmax over the squared distances to the few nearest sources, in a learned projection. Everything starts from training
tokens: the projection from principal components, the prototypes from a greedy coreset. So before the first step a block
is the memory of PatchCore (Roth et al. 2022), a little softened, and the image itself, as in non-local means (Buades et
al. 2005); training changes what "near" means, the prototypes and the temperature.

Two choices matter. A coreset covers rare normal structure that cluster centres leave out, and with few sources a rare
token is restored from what is really near it, where attention to everything blurs.

A training image is restored without the prototypes that were taken from it: otherwise it would find its own tokens, and
its errors would be smaller than those of any new image.

Legend: B images, N = S·S tokens, Q tokens to restore, P to restore from, C channels, D width, K prototypes, k sources.

This module is long because both restorations share the search for sources, and one must read them together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ura_study.detectors.uranet.config import RestorationSettings
from ura_study.detectors.uranet.search import largest, nearest
from ura_study.detectors.uranet.statistics import TokenStatistics, covering_tokens, principal_components
from ura_study.features.transfer import sent

#: Tokens with at least this suspicion are no source at all; below it, their weight in the attention is 1 − suspicion.
DISTRUST = 0.5
#: In the first restoration, without suspicion, the excluded radius grows by this share of the grid's side, at least 1.
UNKNOWING = 1 / 16
#: Initial temperature in units of the mean squared distance from a token to the nearest prototype of another image.
TEMPERATURE = 0.4
#: Number of tokens over which that distance is averaged.
PROBED = 1000
#: Queries whose distances to what was found are computed at once.
AT_ONCE = 1024


@dataclass(frozen=True)
class Recalled:
    """The prototypes nearest to tokens (B, Q, C), as a block finds them."""

    query: Tensor
    """(B, Q, D) the tokens in the projection in which they were compared."""
    keys: Tensor
    """(K, D) all prototypes in it."""
    numbers: Tensor
    """(B, Q, k)."""
    bias: Tensor
    """(B, Q, k) what is added to their logits: −inf if one is no source for the image, else 0."""


class Restoration(nn.Module):
    """Attention blocks over an image's tokens and prototypes; the output of a block is the query of the next."""

    origin: Tensor
    """(K,) the numbers of the training images that the prototypes were taken from."""
    near: Tensor
    around: Tensor

    def __init__(self, settings: RestorationSettings, channels: int, map_size: int) -> None:
        super().__init__()
        self.settings = settings
        self.prototypes = nn.Parameter(torch.zeros(0, channels))
        self.register_buffer("origin", torch.zeros(0, dtype=torch.long))
        width = min(settings.width, channels)
        self.blocks = nn.ModuleList(AttentionBlock(channels, width, settings.sources) for _ in range(settings.depth))
        farther = settings.exclusion + max(1, round(UNKNOWING * map_size))
        self.register_buffer("near", near(map_size, settings.exclusion), persistent=False)
        self.register_buffer("around", near(map_size, farther), persistent=False)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *arguments: object) -> None:
        """Allocate the stored prototypes: with few training tokens there are fewer than the settings ask for."""
        stored = state_dict[f"{prefix}prototypes"]
        self.prototypes = nn.Parameter(self.prototypes.new_zeros(stored.shape))
        self.origin = self.origin.new_zeros(len(stored))
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    @torch.no_grad()
    def initialise(self, statistics: TokenStatistics, generator: torch.Generator) -> None:
        """Initialise the prototypes (a coreset of the sampled tokens), the projections and the temperatures."""
        sample, device = statistics.sample, self.prototypes.device
        kept = covering_tokens(sample, self.settings.prototypes, generator)
        self.prototypes = nn.Parameter(sample[kept].to(device))
        self.origin = statistics.origin[kept].to(device)
        probed = torch.randperm(len(sample), generator=generator)[:PROBED]
        distance = torch.cdist(sample[probed], self.prototypes).square()
        distance = distance.masked_fill(self.left_out(statistics.origin[probed]), torch.inf).amin(dim=1)
        for block in self._attention:
            block.measure.copy_(principal_components(statistics.covariance, block.measure.shape[1]))
            block.log_temperature.fill_((TEMPERATURE * distance.mean()).clamp_min(1e-6).log())

    @property
    def _attention(self) -> list[AttentionBlock]:
        """The blocks, with their type: a `ModuleList` is typed as a list of modules."""
        return [block for block in self.blocks if isinstance(block, AttentionBlock)]

    def left_out(self, images: Tensor) -> Tensor:
        """Return (B, K) bool: which prototypes were taken from each of the training images with numbers (B,).

        If all prototypes are from one image, none is left out.
        """
        own = self.origin == sent(images, self.origin.device)[:, None]
        return own & ~own.all(dim=1, keepdim=True)

    def recall(self, tokens: Tensor, images: Tensor | None = None) -> Recalled:
        """Return the prototypes nearest to tokens (B, Q, C); `images` as in `forward`."""
        return self._attention[0].recall(tokens, self.prototypes, self._absent(tokens, images))

    def forward(
        self,
        tokens: Tensor,
        suspicion: Tensor | None = None,
        images: Tensor | None = None,
        chosen: Tensor | None = None,
        sources: Tensor | None = None,
        recalled: Recalled | None = None,
    ) -> Tensor:
        """Return restored tokens (B, Q, C) of standardised tokens (B, N, C).

        Args:
            tokens: of the images.
            suspicion: (B, P), 0..1, of the sources; None: unknown, so a wider neighbourhood is excluded.
            images: (B,) the numbers of the images among the training images; None: they are new.
            chosen, sources: the positions (Q,) to restore and those (P,) to restore from; None: all of them.
            recalled: the result of `recall` for the tokens to restore, if it was computed already.
        """
        excluded = self.around if suspicion is None else self.near
        excluded = minus_infinity_where(picked(picked(excluded, chosen, 0), sources, 1))  # (Q, P)
        state, content = picked(tokens, chosen, 1), picked(tokens, sources, 1)
        trust = torch.zeros_like(content[..., 0]) if suspicion is None else log_trust(suspicion)  # (B, P)
        absent = self._absent(tokens, images)
        for block in self._attention:
            if recalled is None:
                recalled = block.recall(state, self.prototypes, absent)
            state, recalled = block(content, self.prototypes, trust, excluded, recalled), None
        return state

    def _absent(self, tokens: Tensor, images: Tensor | None) -> Tensor:
        """Return (B, K) bool: which prototypes must not be sources of each image."""
        if images is not None:
            return self.left_out(images)
        return torch.zeros(len(tokens), len(self.prototypes), dtype=torch.bool, device=tokens.device)


class AttentionBlock(nn.Module):
    """Each query becomes a mean of its k nearest sources, weighted by the softmax of negative squared distances."""

    def __init__(self, channels: int, width: int, sources: int) -> None:
        super().__init__()
        self.sources = sources
        self.measure = nn.Parameter(torch.zeros(channels, width))
        self.log_temperature = nn.Parameter(torch.zeros(()))

    def recall(self, state: Tensor, prototypes: Tensor, absent: Tensor) -> Recalled:
        """Return the prototypes (K, C) nearest to state (B, Q, C), last those that are `absent` (B, K) for an image."""
        query, keys, bias = state @ self.measure, prototypes @ self.measure, minus_infinity_where(absent)
        with torch.no_grad():
            numbers = nearest(query, keys[None], bias, self.sources)
        return Recalled(query, keys, numbers, taken(bias, numbers))

    def forward(
        self, content: Tensor, prototypes: Tensor, trust: Tensor, excluded: Tensor, recalled: Recalled
    ) -> Tensor:
        """Return the output (B, Q, C) of the block for the queries of `recalled`.

        The sources are those of the prototypes (K, C) that were recalled, and the image's `content` (B, P, C), to whose
        logits `trust` (B, P) and `excluded` (Q, P) are added.
        """
        query, own, temperature = recalled.query, content @ self.measure, self.log_temperature.exp()
        with torch.no_grad():  # (B, Q, k), of the image itself
            seen = nearest(query, own, (excluded + temperature * each for each in trust), self.sources)
        trusted = excluded.expand(len(seen), -1, -1).gather(2, seen) + taken(trust, seen)
        image = torch.arange(len(content), device=content.device)[:, None, None]
        places = seen + content.shape[1] * image  # among the sources of all images
        logits = [
            recalled.bias - squared_distances(query, recalled.keys, recalled.numbers) / temperature,
            trusted - squared_distances(query, own.flatten(0, 1), places) / temperature,
        ]
        weights = softmax_of_largest(torch.cat(logits, dim=2), self.sources)  # (B, Q, 2k)
        of_memory, of_image = weights.split([recalled.numbers.shape[2], seen.shape[2]], dim=2)
        from_memory = weighted_sum(prototypes, recalled.numbers, of_memory)
        return from_memory + weighted_sum(content.flatten(0, 1), places, of_image)


def squared_distances(query: Tensor, keys: Tensor, found: Tensor) -> Tensor:
    """Return the squared distances (B, Q, k) of query (B, Q, D) to the keys (K, D) with the numbers `found` (B, Q, k).

    Only so many are computed at a time, to save memory for the differences.
    """
    parts = zip(query.flatten(0, 1).split(AT_ONCE), found.flatten(0, 1).split(AT_ONCE), strict=True)
    differences = (q[:, None] - keys.index_select(0, f.flatten()).view(*f.shape, -1) for q, f in parts)  # (…, k, D)
    return torch.cat([difference.square().sum(dim=2) for difference in differences]).view_as(found)


def softmax_of_largest(logits: Tensor, count: int) -> Tensor:
    """Return the softmax over the `count` largest of each row of logits (B, Q, n), and 0 elsewhere."""
    known = logits.detach().flatten(0, 1)
    least = known.gather(1, largest(known, count)).amin(dim=1).view(*logits.shape[:2], 1)
    return logits.masked_fill(logits < least, -torch.inf).softmax(dim=2)


def weighted_sum(values: Tensor, found: Tensor, weights: Tensor) -> Tensor:
    """Return the sums (B, Q, C) of the values (K, C) with the numbers `found` (B, Q, k), with weights (B, Q, k)."""
    rows, shares = found.flatten(0, 1), weights.to(values.dtype).flatten(0, 1)
    return functional.embedding_bag(rows, values, per_sample_weights=shares, mode="sum").view(*found.shape[:2], -1)


def taken(values: Tensor, numbers: Tensor) -> Tensor:
    """Return the values (B, K) with the numbers (B, Q, k) of each image."""
    return values.gather(1, numbers.flatten(1)).view_as(numbers)


def minus_infinity_where(mask: Tensor) -> Tensor:
    """Return −inf where a mask is True, and 0 elsewhere."""
    return torch.zeros(mask.shape, device=mask.device).masked_fill(mask, -torch.inf)


def near(side: int, radius: int) -> Tensor:
    """Return (N, N) bool: whether two positions of an S × S grid are within `radius` rows and columns of each other."""
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    rows, columns = (x.flatten()[:, None] - x.flatten() for x in (row, column))  # (N, N)
    return (rows.abs() <= radius) & (columns.abs() <= radius)


def log_trust(suspicion: Tensor) -> Tensor:
    """Return the logarithm of the trust in sources of some suspicion, of the same shape; −inf for the suspect."""
    return torch.where(suspicion < DISTRUST, 1 - suspicion, 0).log()


def picked(values: Tensor, index: Tensor | None, dim: int) -> Tensor:
    """Return the entries `index` along a dimension; all of them if it is None."""
    return values if index is None else values.index_select(dim, index)
