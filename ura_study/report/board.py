"""TensorBoard events: one folder per variant; loss curves, and in the end metrics, by category and seed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ura_study.cache import writing
from ura_study.canonical import digest
from ura_study.runs.job import Job
from ura_study.runs.record import Record

FOLDER = "tensorboard"
#: Bytes of a variant's name that are kept in its folder's; file systems take 255 altogether.
LONGEST = 200


class Board:
    """Writes what training reports to `<study folder>/tensorboard/<variant>/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._writers: dict[str, Any] = {}

    def started(self, job: Job) -> None:
        """A start alone leaves no event."""

    def progressed(self, job: Job, intervals: list[dict[str, Any]]) -> None:
        with writing(self._folder):
            writer = self._writer(job.variant)
            for interval in intervals:
                for term, value in (interval["losses"] | {"lr": interval["lr"]}).items():
                    writer.add_scalar(f"{job.category}/{term}/seed {job.seed}", value, interval["step"])
            writer.flush()

    def finished(self, job: Job, record: Record) -> None:
        with writing(self._folder):
            writer = self._writer(job.variant)
            for metric, value in record.metrics.items():
                if value is not None:
                    writer.add_scalar(f"{job.category}/{metric}/seed {job.seed}", value, 0)
            writer.flush()

    def dropped(self, job: Job) -> None:
        """What it reported until then stays."""

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    def _writer(self, variant: str) -> Any:
        if variant not in self._writers:
            from tensorboard.summary import Writer

            self._writers[variant] = Writer(str(self._folder / folder_name(variant)))
        return self._writers[variant]


def folder_name(variant: str) -> str:
    """Return a variant's name as a folder's: `w/o restoration` becomes `w-o restoration`, a long one is cut short."""
    name = re.sub(r'[/\\:*?"<>|]', "-", variant)
    if len(name.encode()) <= LONGEST:
        return name
    return f"{name.encode()[:LONGEST].decode(errors='ignore')}… {digest(variant)}"
