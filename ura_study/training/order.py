"""The order in which images are trained on."""

from __future__ import annotations

from collections import deque
from typing import Any

import torch


class Shuffled:
    """Batches of `size` of `count` indices, for ever: every image comes once before any comes again."""

    def __init__(self, count: int, size: int, draws: torch.Generator) -> None:
        self._count, self._size, self._draws = count, size, draws
        self._queue: deque[int] = deque()

    def __iter__(self) -> Shuffled:
        return self

    def __next__(self) -> list[int]:
        while len(self._queue) < self._size:
            self._queue += torch.randperm(self._count, generator=self._draws).tolist()
        return sorted(self._queue.popleft() for _ in range(self._size))

    def state_dict(self) -> dict[str, Any]:
        """Return what is needed to go on from here."""
        return {"queue": list(self._queue), "draws": self._draws.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state_dict` was called."""
        self._queue = deque(state["queue"])
        self._draws.set_state(state["draws"])
