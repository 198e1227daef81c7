"""Images that occur twice in a data set, exactly or nearly."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

#: Images whose perceptual hashes of 256 bits differ in at most so many are near duplicates.
NEAR = 8
#: Images compared at once with all others.
BLOCK = 64


def exact(first: Sequence[str], second: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of positions (in `first`, in `second`) of the same content: the first match of each in `second`."""
    positions = {content: i for i, content in reversed(list(enumerate(first)))}
    return [(positions[content], j) for j, content in enumerate(second) if content in positions]


def repeated(contents: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of positions in one list that hold the same content: each copy with the one before it."""
    places: dict[str, list[int]] = {}
    for position, content in enumerate(contents):
        places.setdefault(content, []).append(position)
    return sorted(pair for same in places.values() for pair in pairwise(same))


def near(first: Sequence[bytes], second: Sequence[bytes]) -> list[tuple[int, int]]:
    """Return for each perceptual hash of `second` the nearest of `first`, as positions, where it is within `NEAR`."""
    if not first or not second:
        return []
    a, b = _words(first), _words(second)  # (N, words), (M, words)
    pairs = []
    for start in range(0, len(b), BLOCK):
        differing = np.bitwise_count(b[start : start + BLOCK, None] ^ a[None]).sum(axis=2, dtype=np.int64)  # (B, N)
        nearest = differing.argmin(axis=1)
        within = np.flatnonzero(differing[np.arange(len(nearest)), nearest] <= NEAR)
        pairs += [(int(nearest[j]), start + int(j)) for j in within]
    return pairs


def _words(hashes: Sequence[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(hashes), dtype=np.uint64).reshape(len(hashes), -1)
