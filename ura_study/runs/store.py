"""The append-only file of records. Nothing in it is ever changed: a later line about a run supersedes an earlier one.

Each record is one line, written whole and forced to the disk before the run counts as finished. A driver that is killed
in the middle of a line leaves a torn one, which readers pass over and the next append sets apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from ura_study.cache import writing
from ura_study.errors import DataError
from ura_study.runs.record import Record

FILE = "runs.jsonl"


def append(folder: Path, record: Record) -> None:
    """Add a record to the study's file and force it to the disk.

    Raises:
        ResourceError: where the disk is full or the file cannot be written.
    """
    path = folder / FILE
    with writing(path), path.open("ab") as file:
        line = record.model_dump_json().encode() + b"\n"
        file.write(line if _ends_a_line(path) else b"\n" + line)
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> dict[str, Record]:
    """Return the latest record of each run of a study, by run id; a record that is done outlasts a failure.

    Raises:
        DataError: where a line is whole but no record.
    """
    path = folder / FILE
    records: dict[str, Record] = {}
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = Record.model_validate_json(line)
        except ValidationError as error:
            if error.errors()[0]["type"] == "json_invalid":
                continue  # torn by a driver that was killed while writing; its run counts as not done
            raise DataError(f"{path}, line {number}: not a record ({error.errors()[0]['msg']})") from error
        if record.done or not (record.run_id in records and records[record.run_id].done):
            records[record.run_id] = record
    return records


def elsewhere(results: Path, study: str, wanted: Iterable[str]) -> Mapping[str, Record]:
    """Return finished records of the `wanted` runs from the other studies under the same results folder."""
    wanted = set(wanted)
    found: dict[str, Record] = {}
    for path in sorted(results.glob(f"*/{FILE}")):
        if path.parent.name == study or not wanted:
            continue
        for run_id, record in read(path.parent).items():
            if run_id in wanted and record.done:
                origin = record.reused_from or path.parent.name
                found.setdefault(run_id, record.model_copy(update={"study": study, "reused_from": origin}))
    return found


def _ends_a_line(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size == 0:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
