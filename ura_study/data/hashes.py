"""Content hashes of files, remembered between processes: one SQLite file in the cache folder, one row per file.

A row is valid only while its file keeps the stamp it had when it was read. The database only saves time: if it is
missing, locked, damaged or cannot be written, files are read again. SQLite does not notice a flipped bit, so each
row has a checksum of its own. The rollback journal is SQLite's default; unlike its write-ahead log it also works on a
network disk and where only reading is allowed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ura_study.cache import cache_root

#: Version, raised when the hash, the stamp or the table changes; older databases are then no longer used.
VERSION = 1
KIND = "hashes"
#: If this environment variable is set, stored hashes are ignored: all files are read, and stored again.
REREAD = "URA_STUDY_REREAD"
#: Seconds to wait for another process that writes; it needs far less for a whole data set.
PATIENCE = 2
#: Nanoseconds for which a file must have been unchanged. File systems count time in steps of up to 2 s: a file that is
#: changed in the same step in which it was read keeps its stamp (git calls this racy).
SETTLING = 2_000_000_000

TABLE = """CREATE TABLE IF NOT EXISTS hashes
    (path BLOB PRIMARY KEY, stamp TEXT, digest TEXT, checksum TEXT) WITHOUT ROWID"""
FIND = "SELECT stamp, digest, checksum FROM hashes WHERE path = ?"


class Known(NamedTuple):
    """What is known of a file: its content's hash, and its stamp when it was read."""

    stamp: str
    digest: str


def stamp(status: os.stat_result) -> str:
    """Return what must stay the same for a file to count as unchanged.

    The change time and the inode reveal what size and modification time do not: that a file was replaced by one of the
    same size and time, or that nodes which share a cache folder have different files under the same path.
    """
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def settled(status: os.stat_result, now_ns: int) -> bool:
    """Tell whether any change of a file after `now_ns` is sure to change its stamp."""
    return now_ns - max(status.st_mtime_ns, status.st_ctime_ns) >= SETTLING


def recall(paths: Iterable[Path]) -> dict[Path, Known]:
    """Return what is stored about the absolute `paths`, without those that are unknown or cannot be looked up."""
    if os.environ.get(REREAD):
        return {}
    found = {}
    # OperationalError: not there yet, not readable, locked for too long, or a writer was killed and the next one must
    # roll back first. Any other DatabaseError: damaged, and `remember` will begin another.
    with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(_connect("ro")) as connection:
        connection.execute("BEGIN")  # one lock for all
        for path in paths:
            name = os.fsencode(path)
            row = connection.execute(FIND, (name,)).fetchone()
            if row is not None and row[2] == _checksum(name, *row[:2]):
                found[path] = Known(*row[:2])
    return found


def remember(known: Mapping[Path, Known]) -> None:
    """Store what is known of files by absolute path: all of it, or nothing if the database cannot be written."""
    names = {os.fsencode(path): value for path, value in known.items()}
    rows = [(name, *value, _checksum(name, *value)) for name, value in sorted(names.items())]
    # OSError: the folder cannot be made, or a damaged file not removed. DatabaseError: no permission, a full disk, or
    # another process writes for too long. The next process reads these files again, and that is all.
    with contextlib.suppress(OSError, sqlite3.DatabaseError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(rows)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # no database at all, or malformed: begin another
            for name in (_file(), _file().with_name(f"{_file().name}-journal")):
                name.unlink(missing_ok=True)
            _write(rows)


def count() -> int:
    """Return the number of files with a stored hash; 0 if the database cannot be read."""
    # the same errors as in `recall`
    with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(_connect("ro")) as connection:
        return connection.execute("SELECT COUNT(*) FROM hashes").fetchone()[0]
    return 0


def _file() -> Path:
    return cache_root() / KIND / f"v{VERSION}.sqlite"


def _connect(mode: str) -> sqlite3.Connection:
    """Open the database: `ro` (it must exist) or `rwc`. Transactions begin and end where the code says so."""
    return sqlite3.connect(f"{_file().as_uri()}?mode={mode}", uri=True, timeout=PATIENCE, isolation_level=None)


def _write(rows: Iterable[tuple[bytes, str, str, str]]) -> None:
    with contextlib.closing(_connect("rwc")) as connection, connection:  # commits, or rolls back
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(TABLE)
        connection.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?)", rows)


def _checksum(name: bytes, stamp: str, digest: str) -> str:
    return hashlib.blake2b(name + f"\0{stamp}\0{digest}".encode(), digest_size=8).hexdigest()
