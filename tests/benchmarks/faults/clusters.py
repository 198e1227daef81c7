"""Clusters of which a part ends: `ray start` several times on this machine, each a node."""

from __future__ import annotations

import random
import socket
import sys
import time
from pathlib import Path

from family import MARK, Family
from kinds import kind
from scene import Scene
from signals import kill

RAY = Path(sys.executable).with_name("ray")


class Cluster:
    """A head that does no runs, and nodes for one run each."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._count = scene, 0
        with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as other:
            self._port, self._client = free.getsockname()[1], other.getsockname()[1]
        self.address = f"127.0.0.1:{self._port}"
        self._families: list[Family] = []
        scene.arguments += ["--address", self.address]
        scene.on_close(self.end)
        self.head = self.start_head()

    def start_head(self) -> Family:
        ports = f"--port={self._port}", f"--ray-client-server-port={self._client}"
        return self._start("--head", *ports, "--num-cpus=0", "--include-dashboard=false")

    def add(self, **environment: str) -> Family:
        """Let a node join, and return when it has."""
        return self._start(f"--address={self.address}", "--num-cpus=1", **environment)

    def end(self) -> None:
        for family in self._families:
            family.end()

    def _start(self, *options: str, **environment: str) -> Family:
        self._count += 1
        mark = f"{self._scene.folder}-node{self._count}"
        log, before = f"node{self._count}.txt", self._scene.environment
        self._scene.environment = before | environment | {MARK: mark}
        options = "--node-ip-address=127.0.0.1", "--block", "--disable-usage-stats", *options
        started = self._scene.spawn(RAY, "start", *options, log=log)
        self._scene.environment = before
        self._families.append(Family(mark))
        while "Ray runtime started" not in self._scene.output(log):
            if started.poll() is not None:
                raise RuntimeError(f"no Ray at {self.address}: {self._scene.output(log)[-2000:]}")
            time.sleep(0.1)
        return self._families[-1]


@kind("node lost")
def node_lost(scene: Scene, draws: random.Random) -> None:
    cluster = Cluster(scene)
    nodes = [cluster.add(), cluster.add()]
    scene.start()
    scene.reach(draws)
    draws.choice(nodes).end()
    scene.end()


@kind("node joins, another leaves")
def node_joins(scene: Scene, draws: random.Random) -> None:
    cluster = Cluster(scene)
    node = cluster.add()
    scene.arguments.append("--wait-for-resources")
    scene.start()
    scene.reach(draws)
    cluster.add()
    scene.until(lambda: False, draws.uniform(0, 8))
    scene.struck()
    node.end()
    scene.end()


@kind("node that cannot write its cache joins")
def poisoned_node_joins(scene: Scene, draws: random.Random) -> None:
    cluster = Cluster(scene)
    cluster.add()
    (scene.folder / "file").touch()
    scene.start()
    scene.reach(draws)
    cluster.add(URA_STUDY_CACHE=str(scene.folder / "file/cache"))
    scene.struck()
    scene.end()


@kind("head restarted", (1, 2))
def head_restarted(scene: Scene, draws: random.Random) -> None:
    """The control service is killed; a while later the head and its node are started again, at the same address.

    Exit code 1: a check within Ray fails (WrongClusterID) and ends the process. Nothing is lost by that.
    """
    cluster = Cluster(scene)
    node = cluster.add()
    scene.start()
    scene.reach(draws)
    kill(scene, cluster.head.named("gcs_server"))
    scene.until(lambda: False, draws.uniform(0, 20))
    cluster.head.end()
    node.end()  # Ray starts no head on a machine on which a node looks for one
    cluster.start_head()
    cluster.add()
    scene.end()
