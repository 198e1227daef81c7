"""The search for the nearest of many tokens.

Legend: B images, Q queries, K keys, D dimensions, k found.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

#: Groups per number that is sought, of which only the largest number is looked at in the first pass.
GROUPS = 8


def nearest(query: Tensor, keys: Tensor, offsets: Iterable[Tensor], count: int) -> Tensor:
    """Return the numbers (B, Q, k) of the keys whose squared distance to a query, less their offset, is smallest.

    Images are processed one at a time, to save memory for the distances.

    Args:
        query: (B, Q, D).
        keys: (B, K, D), or (1, K, D) if they are the same for all images.
        offsets: of each image (K,) or (Q, K).
        count: k, if there are as many keys; otherwise all are found.
    """
    lengths, shape = keys.square().sum(dim=2), (len(query), -1, -1)
    each = zip(query, keys.expand(shape), lengths.expand(shape[:2]), offsets, strict=True)
    return torch.stack([largest(torch.addmm(o - length, q, k.T, alpha=2), count) for q, k, length, o in each])


def largest(values: Tensor, count: int) -> Tensor:
    """Return the places (Q, k) of the `count` largest of each row of values (Q, K), in any order; all if K < `count`.

    Which of equal values are taken is not defined.

    On a CPU long rows are divided into groups, since the largest k are all in the k groups with the largest maxima.
    A group has every n-th number of a row: so maxima are those of whole rows of memory, which is fast.
    """
    values = values.float()
    if values.device.type != "cpu" or torch.compiler.is_compiling():
        return values.topk(min(count, values.shape[1]), dim=1).indices
    groups = GROUPS * count
    size = values.shape[1] // groups
    if size < 2:
        return _largest_of_few(values, count)
    grouped, rest = values[:, : size * groups].unflatten(1, (size, groups)), values[:, size * groups :]
    chosen = _largest_of_few(grouped.amax(dim=1), count)  # (Q, k)
    kept = grouped.gather(2, chosen[:, None].expand(-1, size, -1)).flatten(1)  # (Q, size · k)
    best = largest(torch.cat([kept, rest], dim=1), count)
    in_group = best // count * groups + chosen.gather(1, best % count)
    return torch.where(best < size * count, in_group, best + size * (groups - count))


def _largest_of_few(values: Tensor, count: int) -> Tensor:
    """Return what `largest` does. NumPy does so several times faster than PyTorch on a CPU."""
    first = max(values.shape[1] - count, 0)
    return torch.from_numpy(np.argpartition(values.numpy(), first, axis=1)[:, first:])
