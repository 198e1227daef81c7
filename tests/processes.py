"""Processes of Ray, to be killed."""

from __future__ import annotations

from pathlib import Path


def worker_of(driver: int) -> int:
    """Return the process of a Tune worker below `driver`."""
    for folder in Path("/proc").glob("[0-9]*"):
        title = _read(folder / "cmdline")  # of a worker at work, and of one that waits
        if ("Trainable" in title or "ray::Worker" in title) and _descends(int(folder.name), driver):
            return int(folder.name)
    raise AssertionError("no worker process found")


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
