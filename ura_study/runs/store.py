"""The append-only file of records. No record in it is ever changed: a later line about a run supersedes an earlier one.

Each record is one line, written whole and forced to the disk before the run counts as finished. A driver that is killed
in the middle of a line leaves a torn one, which readers pass over and the next append sets apart. Lines that are no
records (a bad disk, a hand that slipped) are passed over with a word, and moved into a file of their own by who holds
the study's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from ura_study.cache import replace, writing
from ura_study.errors import DataError
from ura_study.output import notice
from ura_study.runs.record import Record

FILE = "runs.jsonl"
#: Lines of it that are no records.
DAMAGED = "runs.damaged.jsonl"


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


def read(folder: Path, warn: Callable[[str], None] = notice) -> dict[str, Record]:
    """Return the latest record of each run of a study, by run id; a record that is done outlasts a failure.

    Lines that are neither records nor the beginning of one are passed over, and `warn` is told.

    Raises:
        DataError: where the file cannot be read.
    """
    found, damaged = _parsed(_lines(folder / FILE))
    if damaged:
        warn(f"{_told(folder, damaged)}; passed over, and `ura-study run` sets it aside")
    records: dict[str, Record] = {}
    for record in found:
        if record.done or not (record.run_id in records and records[record.run_id].done):
            records[record.run_id] = record
    return records


def set_aside(folder: Path, warn: Callable[[str], None] = notice) -> None:
    """Move lines that are no records from a study's file into one beside it, and tell `warn`; the caller has its lock.

    Raises:
        DataError: where the file cannot be read.
        ResourceError: where the disk is full or a file cannot be written.
    """
    lines = _lines(folder / FILE)
    _, damaged = _parsed(lines)
    if not damaged:
        return
    with writing(folder / DAMAGED), (folder / DAMAGED).open("ab") as file:
        file.writelines(lines[number - 1] + b"\n" for number in damaged)
        file.flush()
        os.fsync(file.fileno())
    kept = (line for number, line in enumerate(lines, start=1) if line and number not in damaged)
    replace(folder / FILE, b"".join(line + b"\n" for line in kept), forced=True)
    warn(f"{_told(folder, damaged)}; set aside in {DAMAGED}: what it recorded counts as not done")


def library(results: Path, study: str, warn: Callable[[str], None]) -> dict[str, Record]:
    """Return the finished records of all other studies, by run id, with the study they were made in as `reused_from`.

    What cannot be read is passed over, and `warn` is told.
    """
    found: dict[str, Record] = {}
    for path in sorted(results.glob(f"*/{FILE}")):
        if path.parent.name == study:
            continue
        try:
            others = read(path.parent, warn)
        except DataError as error:
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


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def _parsed(lines: Sequence[bytes]) -> tuple[list[Record], dict[int, str]]:
    """Return the records, and by number the lines that are none, with why."""
    records, damaged = [], {}
    for number, line in enumerate(lines, start=1):
        written = line.strip(b"\0 \t\r")  # a power cut can leave a line's end as zeros
        if not written:
            continue
        try:
            records.append(Record.model_validate_json(written))
        except ValidationError as error:
            if not _torn(error):  # of a torn line the run counts as not done
                damaged[number] = _reason(error)
    return records, damaged


def _told(folder: Path, damaged: Mapping[int, str]) -> str:
    number, reason = next(iter(damaged.items()))
    more = f", the first of {len(damaged)} such" if len(damaged) > 1 else ""
    return f"{folder / FILE}, line {number}: not a record ({reason}){more}"


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
