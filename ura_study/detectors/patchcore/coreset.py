"""Greedy coreset selection: the k-centre heuristic of PatchCore (Roth et al. 2022, Algorithm 1; Sener & Savarese 2018).

Each step takes the token that is farthest from all tokens taken so far. The plain algorithm reads all tokens once per
step. This one chooses the same tokens in the same order, up to rounding, in far fewer passes. It keeps a short list of
the farthest tokens. Distances never grow, so the farthest token of the list is the farthest of all as long as its
distance is at least the largest one outside the list when the list was made. After that, all tokens are compared with
the centres taken since, in matrix products, and a new list is made: 15 times for a tenth of 215,000 tokens.

Legend: T tokens, D dimensions, P candidates, K taken.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: Length of the list of candidates.
CANDIDATES = 8192
#: Tokens taken from the list before it is read whether they could be: a read waits for the device.
UNREAD = 16
#: Distances computed at once when all tokens are compared: bounds the memory.
BLOCK = 1 << 22


def greedy_coreset(tokens: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return the indices (K,) of `count` tokens of (T, D), in the order of choice; the first one is random."""
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
    """Update in place the squared distances (T,) to the nearest centre, after new centres (K,) were added."""
    columns, offsets = tokens[centres].T, squares[centres]
    rows = max(1, BLOCK // len(centres))
    for start in range(0, len(tokens), rows):
        block = slice(start, start + rows)
        nearest = torch.addmm(offsets, tokens[block], columns, alpha=-2).amin(dim=1) + squares[block]
        torch.minimum(distance[block], nearest, out=distance[block])
    distance[centres] = -torch.inf  # never taken twice


def _farthest(tokens: Tensor, squares: Tensor, distance: Tensor, wanted: int) -> list[int]:
    """Take tokens from a list of the farthest ones, as long as no token outside the list can be farther."""
    near, index = distance.topk(min(CANDIDATES, len(distance)))
    outside = near[-1].item() if len(near) < len(distance) else -torch.inf
    listed, lengths = tokens[index], squares[index]
    taken: list[int] = []
    while len(taken) < wanted:
        places, distances = [], []
        for _ in range(min(UNREAD, wanted - len(taken))):
            farthest, place = near.max(dim=0, keepdim=True)  # (1,), (1,)
            places.append(place)
            distances.append(farthest)
            centre, length = listed.index_select(0, place)[0], lengths.index_select(0, place)
            torch.minimum(near, torch.addmv(lengths, listed, centre, alpha=-2).add_(length), out=near)
            near.index_fill_(0, place, -torch.inf)
        for place, far in zip(index[torch.cat(places)].tolist(), torch.cat(distances).tolist(), strict=True):
            if far < outside or (far == -torch.inf and taken):
                return taken
            taken.append(place)
    return taken
