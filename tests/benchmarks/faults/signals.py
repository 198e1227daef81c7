"""Processes that end: the driver, a worker, Ray's own, all at once."""

from __future__ import annotations

import json
import random
import signal
from functools import partial

from family import send
from kinds import kind
from scene import Scene

from ura_study.errors import STOPPED


def driver_gets(scene: Scene, draws: random.Random, number: signal.Signals) -> None:
    scene.start()
    scene.reach(draws)
    scene.command.send_signal(number)
    scene.end()


def kill(scene: Scene, pids: list[int]) -> None:
    for pid in pids:
        send(pid, signal.SIGKILL)
    scene.moment += "" if pids else "; none was there"


for _number in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    # Before the driver heeds signals, in its first second, it is the system that ends it.
    kind(f"driver {_number.name}", (STOPPED, -_number))(partial(driver_gets, number=_number))


@kind("worker SIGKILL")
def worker_killed(scene: Scene, draws: random.Random) -> None:
    scene.start()
    scene.reach(draws, at_work=True)
    workers = scene.workers()
    kill(scene, draws.sample(workers, min(1, len(workers))))
    scene.end()


@kind("training SIGKILL", (-signal.SIGKILL,), study="kept")
def training_killed(scene: Scene, draws: random.Random) -> None:
    """A worker that keeps its training, then the driver. What was cut off goes on from there; nothing is left of it."""
    scene.start()
    scene.reach(draws, at_work=True, most=4)
    scene.until(lambda: list(scene.cache.glob("checkpoints/*.ckpt")))
    kill(scene, scene.workers())
    scene.until(lambda: False, draws.uniform(0, 15))
    scene.command.kill()
    scene.end()
    scene.finish(0)
    records = [json.loads(line) for line in scene.lines()]
    scene.moment += f"; {sum('continued_at' in record['provenance'] for record in records)} runs continued"
    if left := list(scene.cache.glob("checkpoints/*")):
        scene.wrong.append(f"{len(left)} checkpoints left")


@kind("all SIGTERM", (STOPPED, -signal.SIGTERM, 2))
def all_terminated(scene: Scene, draws: random.Random) -> None:
    """As a batch system does at the end of a job's time."""
    scene.start()
    scene.reach(draws)
    scene.family.signal(signal.SIGTERM)
    scene.end()


@kind("raylet SIGKILL", (2,))
def raylet_killed(scene: Scene, draws: random.Random) -> None:
    scene.start()
    scene.reach(draws, at_work=True, most=1)
    kill(scene, scene.family.named("raylet/raylet"))
    scene.end()


@kind("search SIGKILL", (-signal.SIGKILL,), study="search")
def search_killed(scene: Scene, draws: random.Random) -> None:
    """Three times one after the other."""
    for _ in range(3):
        driver_gets(scene, draws, signal.SIGKILL)
