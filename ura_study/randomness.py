"""All random numbers come from generators made here: one stream for each seed and purpose.

Streams of different purposes are independent, so that switching off one part of a run does not change the numbers
of another, and nothing depends on earlier computations of the process.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def derived_seed(seed: int, purpose: str) -> int:
    """Return a 63-bit seed made from a run's seed and the name of a purpose."""
    return int.from_bytes(hashlib.blake2b(f"{seed}:{purpose}".encode(), digest_size=8).digest()) >> 1


def parted(generator: torch.Generator, count: int) -> list[torch.Generator]:
    """Return `count` independent generators, each seeded with one draw, even if some of them stay unused.

    With a generator for each part of a computation, leaving out a part does not change the numbers of the others.
    """
    import torch

    seeds = torch.randint(2**62, (count,), generator=generator).tolist()
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def generator(seed: int, purpose: str) -> torch.Generator:
    """Return a fresh torch generator for one purpose of a run; it lives on the CPU, so that a GPU draws the same."""
    import torch

    return torch.Generator().manual_seed(derived_seed(seed, purpose))
