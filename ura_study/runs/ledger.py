"""The records of one study while it is worked on, and the only way to add to them.

A record is the study's own, or it is taken over from another study under the same results folder that has done the same
run: then it is copied, with its details, and says where it came from.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from ura_study.output import notice
from ura_study.runs import details, store
from ura_study.runs.record import Record
from ura_study.study.plan import Run


class Ledger:
    """What is recorded for a study.

    Args:
        folder: the study's folder of results; it need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records = store.read(folder)
        """The study's own, by run id."""

    @cached_property
    def _others(self) -> dict[str, Record]:
        """Finished records of other studies. They are not read before one is wanted."""
        return store.library(self.folder.parent, self.folder.name, notice)

    def known(self) -> list[Record]:
        """Return all records that are at hand, of this study and of others."""
        return [*self.records.values(), *self._others.values()]

    def own(self, run_id: str) -> Record | None:
        """Return the study's own record of a run that is done; None where there is none."""
        record = self.records.get(run_id)
        return record if record is not None and record.done else None

    def find(self, run: Run) -> Record | None:
        """Return the record of a run that is done, here or in another study, as this study's; nothing is written."""
        if (record := self.own(run.run_id)) is not None:
            return record
        other = self._others.get(run.run_id)
        return None if other is None else store.adopted(other, self.folder.name, run.variant)

    def adopt(self, run: Run) -> Record | None:
        """Return the same, after another study's record was copied into this one.

        Raises:
            ResourceError: where the disk is full or a file cannot be written.
        """
        record = self.find(run)
        if record is not None and self.own(run.run_id) is None:
            assert record.reused_from is not None
            details.adopt(self.folder.parent / record.reused_from, self.folder, run.run_id)
            self.append(record)
        return record

    def append(self, record: Record) -> None:
        """Add a record and force it to the disk; it supersedes an earlier one of the same run.

        Raises:
            ResourceError: where the disk is full or the file cannot be written.
        """
        store.append(self.folder, record)
        self.records[record.run_id] = record

    def keep(self, run_id: str, packed: bytes) -> None:
        """Keep the details of a run.

        Raises:
            ResourceError: where the disk is full or the file cannot be written.
        """
        details.keep(self.folder, run_id, packed)
