"""What a machine does: its clock jumps, its memory or its disks are full, a folder becomes read-only."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import subprocess
from functools import partial
from pathlib import Path

from kinds import Skipped, kind
from scene import Scene

MEGABYTE = 1 << 20


def clock_jumps(scene: Scene, draws: random.Random, sign: int) -> None:
    clock = scene.folder / "clock"
    scene.sabotage(FAULT_CLOCK=clock)
    scene.start()
    scene.reach(draws)
    clock.write_text(str(sign * round(draws.uniform(100, 10_000_000))))
    scene.moment += f", {int(clock.read_text()):+} s"
    scene.end()


kind("clock forward")(partial(clock_jumps, sign=1))
kind("clock back")(partial(clock_jumps, sign=-1))


@kind("loss NaN", (1,), study="diverging", ends=1)
def diverges(scene: Scene, draws: random.Random) -> None:
    """A variant of the study diverges: its runs fail, the others are what they are without it."""
    scene.start()
    scene.struck()
    scene.moment = "the variant's training"
    scene.end()
    if "NonFiniteLoss" not in scene.output():
        scene.wrong.append("no run diverged")


@kind("GPU out of memory")
def no_memory(scene: Scene, draws: random.Random) -> None:
    file = scene.folder / "memory"
    scene.sabotage(FAULT_MEMORY=file)
    scene.start()
    scene.reach(draws, most=1)
    file.touch()
    scene.end()
    if file.exists():
        scene.wrong.append("nothing was trained any more")


@kind("two drivers")
def two_drivers(scene: Scene, draws: random.Random) -> None:
    first = scene.start()
    scene.reach(draws)
    second = scene.start(log="second.txt")
    code = second.wait()
    scene.moment += f"; the other: exit {code}, {scene.last_line('second.txt')}"
    if first.poll() is None and (code != 2 or "another `ura-study run` is at work" not in scene.output("second.txt")):
        scene.wrong.append("the second was not refused")
    scene.command = first
    scene.end()


def disk_full(scene: Scene, draws: random.Random, place: str, megabytes: int) -> None:
    """A disk in memory, small enough to be filled; the file that fills it is removed before the study goes on."""
    folder = scene.folder / place
    _mount(scene, folder, "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs")
    scene.start()
    scene.reach(draws)
    _fill(folder / "filler")
    scene.end()
    (folder / "filler").unlink()


kind("disk of results full", (2,))(partial(disk_full, place="results", megabytes=32))
kind("disk of the cache full", (1, 2))(partial(disk_full, place="cache", megabytes=128))
kind("disk of /tmp full", (1, 2))(partial(disk_full, place="t", megabytes=512))


@kind("results read-only", (2,))
def read_only(scene: Scene, draws: random.Random) -> None:
    scene.start()
    scene.reach(draws)
    _mount(scene, scene.results, "--bind", str(scene.results))
    subprocess.run(["mount", "-o", "remount,ro,bind", scene.results], check=True)
    scene.end()
    _unmount(scene.results)


def _mount(scene: Scene, folder: Path, *options: str) -> None:
    if os.geteuid():
        raise Skipped("only root may mount")
    if subprocess.run(["mount", *options, folder], capture_output=True, check=False).returncode:
        raise Skipped("nothing can be mounted here")
    scene.on_close(partial(_unmount, folder))


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", folder], capture_output=True, check=False)


def _fill(path: Path) -> None:
    """Write until there is no space left."""
    block = os.urandom(MEGABYTE)
    with path.open("wb", buffering=0) as file:
        for size in (MEGABYTE, 4096, 1):
            try:
                while file.write(block[:size]):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    with contextlib.suppress(OSError):
        os.sync()
