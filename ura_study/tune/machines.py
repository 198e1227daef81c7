"""How many runs the machines can hold, now: nodes join and leave while a study goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ura_study.errors import ConfigError
from ura_study.output import notice
from ura_study.study.config import ResourceSettings

#: Bytes of a gigabyte.
GIGABYTE = 1e9
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
        self._known: dict[str, Mapping[str, float]] = {}
        """Node → what it has."""
        self._looked = float("-inf")
        self.gpu = 1.0 if resources.gpu == "auto" else resources.gpu
        """GPUs of a run, or its share of one."""

    def slots(self) -> int:
        """Return how many runs can be held at once."""
        return sum(self._held(node) for node in self._look().values())

    def usable(self) -> list[str]:
        """Return the ids of the nodes that can hold a run."""
        return [name for name, node in self._look().items() if self._held(node)]

    def per_gpu(self) -> int:
        """Return how many runs have processors for each GPU, on the machine that has most of them."""
        ratios = [node.get("CPU", 0) / node["GPU"] for node in self._look().values() if node.get("GPU")]
        return max(1, int(max(ratios, default=1) // self._resources.cpu))

    def request(self, gpu: float) -> dict[str, float]:
        """Return what Ray is asked for, for a run with `gpu` GPUs."""
        wanted = {"CPU": self._resources.cpu, "GPU": gpu, "memory": (self._resources.memory or 0) * GIGABYTE}
        return {name: amount for name, amount in (wanted | self._resources.custom).items() if amount}

    def check(self, wait: bool) -> None:
        """See to it that there is, or is waited for, a node that can hold a run: Tune would wait without a word.

        Raises:
            ConfigError: where there is none, and none is to be waited for.
        """
        if self._resources.gpu == "auto" and not wait and not any(n.get("GPU") for n in self._look().values()):
            notice("gpu: auto: no machine has a GPU, so runs use the processors")
            self.gpu = 0.0
        if self.slots():
            return
        largest = ", ".join(map(self._said, self._look().values())) or "nothing"
        wanted = self._said(self.request(self.gpu))
        if not wait:
            remedy = "; --wait-for-resources waits for one that joins"
            raise ConfigError(f"resources: a run wants {wanted}, but the machines have {largest}{remedy}")
        notice(f"waiting for a machine that can hold a run ({wanted}); the machines have {largest}")

    def _look(self) -> dict[str, Mapping[str, float]]:
        """Return what each node has, by its id."""
        if time.monotonic() - self._looked > FRESH:
            self._known = {node["NodeID"]: node["Resources"] for node in self._nodes() if node["Alive"]}
            self._looked = time.monotonic()
        return self._known

    def _held(self, node: Mapping[str, float]) -> int:
        return held(self.request(self.gpu), node)

    def _said(self, amounts: Mapping[str, float]) -> str:
        """Return in words what a run wants or a machine has, of what counts here."""
        parts = [f"cpu {amounts.get('CPU', 0):g} gpu {amounts.get('GPU', 0):g}"]
        if self._resources.memory is not None:
            parts.append(f"memory {amounts.get('memory', 0) / GIGABYTE:.3g}")
        return " ".join([*parts, *(f"{name} {amounts.get(name, 0):g}" for name in self._resources.custom)])


def held(request: Mapping[str, float], node: Mapping[str, float]) -> int:
    """Return how many runs a node can hold; those with a share of a GPU do not spread over two."""
    return min(_times(name, amount, node.get(name, 0)) for name, amount in request.items())


def _times(name: str, amount: float, there: float) -> int:
    if name == "GPU" and amount < 1:
        return int(there) * int(1 / amount + 1e-9)
    return int(there / amount + 1e-9)
