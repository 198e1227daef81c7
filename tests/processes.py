"""Processes of Ray, to be killed."""

from __future__ import annotations

import re
from pathlib import Path


def worker_of(driver: int) -> int:
    """Return the process of a Tune worker below `driver`, at work or waiting."""
    return process_of("Trainable|ray::Worker", driver)


def process_of(title: str, ancestor: int) -> int:
    """Return a process below `ancestor` in whose command line the pattern `title` is found."""
    for folder in Path("/proc").glob("[0-9]*"):
        if re.search(title, _read(folder / "cmdline")) and _descends(int(folder.name), ancestor):
            return int(folder.name)
    raise AssertionError(f"no process called {title} found")


def _descends(pid: int, ancestor: int) -> bool:
    while pid > 1 and pid != ancestor:
        status = _read(Path(f"/proc/{pid}/stat"))
        pid = int(status.rsplit(")", 1)[1].split()[1]) if status else 0
    return pid == ancestor


def _read(path: Path) -> str:
    """Return a file of /proc; nothing where the process has just gone."""
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
