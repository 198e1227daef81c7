"""All processes of a job: those started with a mark in their environment, and what these have started."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

MARK = "URA_STUDY_FAULT"
AGENTS = "ray::DashboardAgent", "ray::RuntimeEnvAgent"


class Family:
    """The living processes whose environment has the mark, their descendants, and those that once were such.

    Ray's workers overwrite their environment, and processes whose parent has died belong to nobody: so whoever was seen
    once is remembered, by number and time of start.
    """

    def __init__(self, mark: str) -> None:
        self._mark = f"{MARK}={mark}\0".encode()
        self._seen: set[tuple[int, int]] = set()

    def members(self) -> dict[int, str]:
        """Return the command lines of all living processes of the family, by number."""
        table = {pid: entry for pid in _numbers() if (entry := _stat(pid)) is not None}
        family = {pid for pid, (_, start) in table.items() if (pid, start) in self._seen}
        family |= {pid for pid in table if self._mark in _read(pid, "environ")}
        before = 0
        while len(family) > before:
            before = len(family)
            family |= {pid for pid, (parent, _) in table.items() if parent in family}
        self._seen |= {(pid, table[pid][1]) for pid in family}
        return {pid: _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace") for pid in family}

    def named(self, *words: str) -> list[int]:
        """Return the processes whose command line has one of the words, oldest first."""
        return sorted(pid for pid, line in self.members().items() if any(word in line for word in words))

    def signal(self, number: int) -> int:
        """Send a signal to all; return how many they were."""
        members = self.members()
        for pid in members:
            send(pid, number)
        return len(members)

    def left(self, seconds: float) -> list[str]:
        """Wait until no process is left; return what is when the time is up, but for Ray's agents.

        These look for their raylet, and then for its control service for a minute, before they end themselves.
        """
        end = time.monotonic() + seconds
        while others := [line for line in self.members().values() if not line.startswith(AGENTS)]:
            if time.monotonic() > end:
                break
            time.sleep(0.2)
        return others

    def end(self) -> None:
        """Kill whatever is left."""
        while self.signal(signal.SIGKILL):
            time.sleep(0.1)


def send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _numbers() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def _stat(pid: int) -> tuple[int, int] | None:
    """Return parent and time of start of a process; None where it is gone or a zombie."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return (int(fields[1]), int(fields[19])) if fields and fields[0] not in (b"Z", b"X") else None


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
