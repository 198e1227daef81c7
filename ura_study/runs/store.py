"""The append-only file of records. Nothing in it is ever changed: a later line about a run supersedes an earlier one.

Each record is one line, written whole and forced to the disk before the run counts as finished. A driver that is killed
in the middle of a line leaves a torn one, which readers pass over and the next append sets apart.
"""

from __future__ import annotations

import os
from collections.abc import Callable
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
        DataError: where a line is no record, nor the beginning of one.
    """
    path = folder / FILE
    records: dict[str, Record] = {}
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    for number, line in enumerate(lines, start=1):
        written = line.strip(b"\0 \t\r")  # a power cut can leave a line's end as zeros
        if not written:
            continue
        try:
            record = Record.model_validate_json(written)
        except ValidationError as error:
            if _torn(error):
                continue  # its run counts as not done
            raise DataError(f"{path}, line {number}: not a record ({_reason(error)})") from error
        if record.done or not (record.run_id in records and records[record.run_id].done):
            records[record.run_id] = record
    return records


def library(results: Path, study: str, warn: Callable[[str], None]) -> dict[str, Record]:
    """Return the finished records of all other studies, by run id, with the study they were made in as `reused_from`.

    A study whose file cannot be read is passed over, and `warn` is told.
    """
    found: dict[str, Record] = {}
    for path in sorted(results.glob(f"*/{FILE}")):
        if path.parent.name == study:
            continue
        try:
            others = read(path.parent)
        except (DataError, OSError) as error:
            warn(f"not reused: {error}")
            continue
        for run_id, record in others.items():
            if record.done:
                origin = record.reused_from or path.parent.name
                found.setdefault(run_id, record.model_copy(update={"reused_from": origin}))
    return found


def adopted(record: Record, study: str, variant: str) -> Record:
    """Return another study's record as this study's own, under this study's name for the variant."""
    return record.model_copy(update={"study": study, "variant": variant})


def _torn(error: ValidationError) -> bool:
    """Tell whether a line is the mere beginning of JSON: its driver was killed while it wrote."""
    first = error.errors()[0]
    return first["type"] == "json_invalid" and first["ctx"]["error"].startswith("EOF")


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    return ": ".join([*map(str, first["loc"]), first["msg"]])


def _ends_a_line(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size == 0:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
