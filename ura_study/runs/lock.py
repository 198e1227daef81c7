"""One driver at a time on a study."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from ura_study.cache import writing
from ura_study.errors import ResourceError

#: Says which process holds the lock. (The lock itself is the system's: it goes with the process, however that ends.)
DRIVER = ".driver.json"


class StudyLock:
    """The lock of a study's folder, held while it is entered.

    Entering raises a `ResourceError` where another process holds it, naming that process and its machine.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / ".lock")

    def __enter__(self) -> Self:
        try:
            with writing(self._folder):
                self._lock.acquire(timeout=1)  # `status` holds it for a moment to see whether it is free
                (self._folder / DRIVER).write_text(json.dumps({"host": platform.node(), "pid": os.getpid()}))
        except Timeout:
            what = f"another `ura-study run` is at work on this study ({self.holder})"
            raise ResourceError(f"{self._folder}: {what}") from None
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(OSError):  # a folder that has become read-only: what went wrong is told already
            (self._folder / DRIVER).unlink(missing_ok=True)
        self._lock.release()

    @property
    def holder(self) -> str:
        """The host and process that work on the study, as far as is known."""
        try:
            noted = json.loads((self._folder / DRIVER).read_text())
            return f"host {noted['host']}, process {noted['pid']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "host and process unknown"

    @property
    def held(self) -> bool:
        """Whether a process holds the lock right now."""
        if not (self._folder / ".lock").exists():
            return False
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:  # a folder that cannot be written, in which nobody can be at work either
            return False
        self._lock.release()
        return False
