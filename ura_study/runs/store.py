"""The append-only file of records. Nothing in it is ever changed: a later line about a run supersedes an earlier one.

Each record is one line, written whole and forced to the disk before the run counts as finished. A driver that is killed
in the middle of a line leaves a torn one, which readers pass over and the next append sets apart.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from ura_study.cache import replace, writing
from ura_study.output import notice
from ura_study.runs.record import Record

FILE = "runs.jsonl"
#: Where lines go that are no records.
ODD = "runs.odd"


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

    A line that is no record, nor the beginning of one, is passed over, and said once on the error output: one bad block
    of a disk must not hide all that is well.
    """
    path = folder / FILE
    records: dict[str, Record] = {}
    for number, line in enumerate(_lines(path), start=1):
        record = _parsed(line)
        if isinstance(record, str):
            _say(f"{path}, line {number}: not a record ({record}); passed over, so its run counts as not done")
        elif record is not None and (record.done or not (record.run_id in records and records[record.run_id].done)):
            records[record.run_id] = record
    return records


def set_aside(folder: Path) -> int:
    """Move the lines that are no records from the study's file to one beside it; return how many there are.

    Raises:
        ResourceError: where the disk is full or a file cannot be written.
    """
    path = folder / FILE
    lines = _lines(path)
    odd = [line for line in lines if isinstance(_parsed(line), str)]
    if odd:
        with writing(path), (folder / ODD).open("ab") as file:
            file.write(b"\n".join(odd) + b"\n")
        replace(path, b"\n".join(line for line in lines if line not in odd))
    return len(odd)


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n") if path.exists() else []


def _parsed(line: bytes) -> Record | str | None:
    """Return a line's record; None where there is none or only its beginning; else why it is no record."""
    written = line.strip(b"\0 \t\r")  # a power cut can leave a line's end as zeros
    if not written:
        return None
    try:
        return Record.model_validate_json(written)
    except ValidationError as error:
        return None if _torn(error) else _reason(error)


#: Says something once in a process.
_say = cache(notice)


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
        except OSError as error:
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
