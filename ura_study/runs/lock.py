"""One driver at a time on a study."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ura_study.cache import writing
from ura_study.errors import ResourceError

#: Says which process holds the lock. (The lock itself is the system's: it goes with the process, however that ends.)
DRIVER = ".driver.json"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a study's folder.

    Raises:
        ResourceError: where another process holds it, naming that process and its machine.
    """
    lock = FileLock(folder / ".lock")
    try:
        with writing(folder):
            lock.acquire(timeout=1)  # `status` holds it for a moment to see whether it is free
            (folder / DRIVER).write_text(json.dumps({"host": platform.node(), "pid": os.getpid()}))
    except Timeout:
        raise ResourceError(f"{folder}: another `ura-study run` is at work on this study ({driver(folder)})") from None
    try:
        yield
    finally:
        (folder / DRIVER).unlink(missing_ok=True)
        lock.release()


def driver(folder: Path) -> str:
    """Return the host and process that work on a study, as far as is known."""
    try:
        noted = json.loads((folder / DRIVER).read_text())
        return f"host {noted['host']}, process {noted['pid']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "host and process unknown"


def at_work(folder: Path) -> bool:
    """Tell whether a process holds the lock of a study's folder right now."""
    if not (folder / ".lock").exists():
        return False
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False
