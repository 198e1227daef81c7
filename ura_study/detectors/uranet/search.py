"""The search for the nearest of many tokens.

Legend: Q queries, K keys, D dimensions, k found.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: Numbers in a group, of which only the largest is looked at in the first pass.
GROUP = 64


def nearest(query: Tensor, keys: Tensor, offset: Tensor, count: int) -> Tensor:
    """Return the numbers (Q, k) of the keys (K, D) whose squared distance to query (Q, D), less `offset`, is smallest.

    `offset` is (K,) or (Q, K); k is `count`, or K where that is less.
    """
    closeness = torch.addmm(offset - keys.square().sum(dim=1), query, keys.T, alpha=2)
    return largest(closeness, min(count, len(keys)))


def largest(values: Tensor, count: int) -> Tensor:
    """Return the places (Q, k) of the `count` largest of each row of values (Q, K), the largest first.

    Long rows are divided into groups: the largest k are all in the k groups with the largest maxima. That takes half
    the time of a plain `topk`. Which of equal values are taken is not defined.
    """
    rows, length = values.shape
    groups = length // GROUP
    if groups < 4 * count:
        return values.topk(count, dim=1).indices
    grouped = values[:, : groups * GROUP].reshape(rows, groups, GROUP)
    chosen = grouped.amax(dim=2).topk(count, dim=1).indices  # (Q, k)
    row = torch.arange(rows, device=values.device)[:, None]
    kept = (
        grouped.reshape(-1, GROUP).index_select(0, (row * groups + chosen).flatten()).view(rows, -1)
    )  # (Q, k · GROUP)
    best = torch.cat([kept, values[:, groups * GROUP :]], dim=1).topk(count, dim=1).indices
    group = chosen.gather(1, (best // GROUP).clamp(max=count - 1))
    rest = best - count * GROUP  # where it is not negative: a place in what no group holds
    return torch.where(rest < 0, group * GROUP + best % GROUP, groups * GROUP + rest)
