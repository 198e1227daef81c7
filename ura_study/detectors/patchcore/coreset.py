"""Greedy coreset selection: the k-centre heuristic of PatchCore (Roth et al. 2022, Algorithm 1; Sener & Savarese 2018).

Each step takes the token that is farthest from all taken so far. Done token by token that reads all tokens once for
every one taken. Here the result is the same, bit for bit in the order of choice up to rounding, in far fewer passes:
distances only ever shrink, so as long as the farthest of a short list of candidates is still farther than everything
outside the list was when the list was made, it is the farthest of all. Only when the list runs out are all tokens
compared, with all centres taken meanwhile, in matrix products. For a tenth of 215,000 tokens that happens 15 times.

Legend: T tokens, D dimensions, P candidates, K taken.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: Length of the list of candidates.
CANDIDATES = 8192
#: Distances computed at once when all tokens are compared: bounds the memory.
BLOCK = 1 << 22


def greedy_coreset(tokens: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return the indices (K,) of `count` tokens of (T, D) in the order they were taken in, the first at random."""
    count = min(count, len(tokens))
    first = int(torch.randint(len(tokens), (1,), generator=generator))
    taken = [first]
    squares = tokens.square().sum(dim=1)
    distance = torch.full((len(tokens),), torch.inf, device=tokens.device)
    fresh = 1
    while len(taken) < count:
        _shrink(distance, tokens, squares, torch.tensor(taken[-fresh:], device=tokens.device))
        new = _farthest(tokens, squares, distance, count - len(taken))
        taken, fresh = taken + new, len(new)
    return torch.tensor(taken)


def _shrink(distance: Tensor, tokens: Tensor, squares: Tensor, centres: Tensor) -> None:
    """Lower the squared distances (T,) to the nearest centre by those of new centres (K,), in place."""
    columns, offsets = tokens[centres].T, squares[centres]
    rows = max(1, BLOCK // len(centres))
    for start in range(0, len(tokens), rows):
        block = slice(start, start + rows)
        nearest = torch.addmm(offsets, tokens[block], columns, alpha=-2).amin(dim=1) + squares[block]
        torch.minimum(distance[block], nearest, out=distance[block])
    distance[centres] = -torch.inf  # taken, and never again


def _farthest(tokens: Tensor, squares: Tensor, distance: Tensor, wanted: int) -> list[int]:
    """Take tokens from a list of the farthest as long as what is outside the list cannot be farther."""
    near, index = distance.topk(min(CANDIDATES, len(distance)))
    outside = near[-1].item() if len(near) < len(distance) else -torch.inf
    listed, near = tokens[index], near.clone()
    taken: list[int] = []
    while len(taken) < wanted:
        place = near.argmax()
        if near[place] < outside or (taken and near[place] == -torch.inf):
            break
        taken.append(int(index[place]))
        nearest = squares[index] - 2 * listed @ listed[place] + squares[index[place]]
        torch.minimum(near, nearest, out=near)
        near[place] = -torch.inf
    return taken
