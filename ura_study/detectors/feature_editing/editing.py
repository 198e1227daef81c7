"""Editing: each token is replaced by a weighted mean of the normal tokens that are nearest to it.

A normal token has near ones and hardly changes; an anomalous one is moved to normal ones. The memory and the weighted
mean of the K nearest are LafitE's (Yin et al., arXiv 2307.08059). How it weights them was not at hand: inverse
distances are our own choice.

Legend: N tokens, M tokens in memory, C channels, K neighbours.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: Distances computed at once: bounds the memory.
BLOCK = 1 << 24
#: Least squared distance that a weight is computed from; a token that is in the memory stays as it is.
LEAST = 1e-12


def edited(tokens: Tensor, memory: Tensor, neighbours: int) -> Tensor:
    """Return for each of the tokens (N, C) the mean of its nearest of the memory (M, C), weighted by inverse distances.

    Example:
        >>> memory = torch.tensor([[0.0], [4.0], [9.0]])
        >>> edited(torch.tensor([[1.0], [100.0]]), memory, neighbours=2)[0]  # 3/4 · 0 + 1/4 · 4
        tensor([1.])
    """
    squares = memory.square().sum(dim=1)
    found = [_mean_of_nearest(part, memory, squares, neighbours) for part in tokens.split(max(1, BLOCK // len(memory)))]
    return torch.cat(found)


def _mean_of_nearest(tokens: Tensor, memory: Tensor, squares: Tensor, neighbours: int) -> Tensor:
    """Return the same; `squares` (M,) are the squared lengths of the memory's tokens."""
    offset = torch.addmm(squares, tokens, memory.T, alpha=-2)  # (N, M), squared distances less the token's own length
    nearest = memory[offset.topk(min(neighbours, len(memory)), dim=1, largest=False).indices]  # (N, K, C)
    distance = (nearest - tokens[:, None]).square().sum(dim=2).clamp_min(LEAST).sqrt()  # (N, K)
    weight = distance.reciprocal()
    return (weight[:, :, None] * nearest).sum(dim=1) / weight.sum(dim=1, keepdim=True)
