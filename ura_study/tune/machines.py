"""How many runs the machines can hold, now: nodes join and leave while a study goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ura_study.errors import ConfigError
from ura_study.output import notice
from ura_study.study.config import ResourceSettings

#: Seconds for which an answer is believed.
FRESH = 2.0


class Machines:
    """The nodes of the cluster, or this machine alone.

    Args:
        resources: what one run occupies.
        nodes: returns what is known of the nodes, as `ray.nodes` does.
    """

    def __init__(self, resources: ResourceSettings, nodes: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
        self._resources, self._nodes = resources, nodes
        self._held: dict[str, int] = {}
        self._looked = float("-inf")

    def slots(self) -> int:
        """Return how many runs can be held at once."""
        return sum(self._look().values())

    def usable(self) -> list[str]:
        """Return the ids of the nodes that can hold a run."""
        return [node for node, held in self._look().items() if held]

    def check(self, wait: bool) -> None:
        """See to it that there is, or is waited for, a node that can hold a run: Tune would wait without a word.

        Raises:
            ConfigError: where there is none, and none is to be waited for.
        """
        if self.slots():
            return
        alive = [node["Resources"] for node in self._nodes() if node["Alive"]]
        largest = ", ".join(f"cpu {n.get('CPU', 0):g} gpu {n.get('GPU', 0):g}" for n in alive) or "nothing"
        wanted = f"cpu {self._resources.cpu} gpu {self._resources.gpu:g}"
        if not wait:
            remedy = "; --wait-for-resources waits for one that joins"
            raise ConfigError(f"resources: a run wants {wanted}, but the machines have {largest}{remedy}")
        notice(f"waiting for a machine that can hold a run ({wanted}); the machines have {largest}")

    def _look(self) -> dict[str, int]:
        """Return how many runs each node can hold, by its id."""
        if time.monotonic() - self._looked > FRESH:
            alive = (node for node in self._nodes() if node["Alive"])
            self._held = {node["NodeID"]: held(self._resources, node["Resources"]) for node in alive}
            self._looked = time.monotonic()
        return self._held


def held(resources: ResourceSettings, node: Mapping[str, float]) -> int:
    """Return how many runs a node can hold; those with a share of a GPU do not spread over two."""
    by_cpu = int(node.get("CPU", 0) // resources.cpu)
    if resources.gpu == 0:
        return by_cpu
    gpus = node.get("GPU", 0)
    by_gpu = gpus // resources.gpu if resources.gpu >= 1 else gpus * int(1 / resources.gpu + 1e-9)
    return min(by_cpu, int(by_gpu))
