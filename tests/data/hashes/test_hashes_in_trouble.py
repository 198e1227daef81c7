"""The memory of content hashes with other processes at it, locked, damaged or not writable: never a wrong hash."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path
from random import Random

import pytest
from hashed import files, once

from ura_study.data import hashes
from ura_study.data.fingerprint import file_digest, fingerprint, remembered
from ura_study.data.hashes import Known, count, recall, remember


def many(start: int) -> dict[Path, Known]:
    return {Path(f"/set/{index}.png"): Known("stamp", f"{index:016x}") for index in range(start, start + 20)}


def write_often(start: int, barrier) -> None:
    barrier.wait(30)
    for index in range(start, start + 400, 20):
        remember(many(index))
        recall(many(index))


def test_processes_that_write_at_once_lose_nothing(cache):
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(3)
    workers = [context.Process(target=write_often, args=(start, barrier)) for start in (0, 400, 700)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    expected = {path: known for start in range(0, 1100, 20) for path, known in many(start).items()}
    assert recall(expected) == expected
    assert count() == 1100


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_database_is_passed_over(file, database, reads, later, monkeypatch, lock):
    monkeypatch.setattr(hashes, "PATIENCE", 0.1)
    before = once(file)
    holder = sqlite3.connect(database, isolation_level=None)
    holder.execute(f"BEGIN {lock}")
    try:
        os.utime(file)
        later()
        assert once(file) == before
        assert reads == [file]
    finally:
        holder.close()
    later()
    assert once(file) == before
    assert reads == [file], "remembered although it was locked"


def die_while_writing(database: Path) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")  # what is written goes to the file before it is committed
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE hashes SET digest = 'half', checksum = hex(randomblob(500))")
    os._exit(9)


def test_a_process_that_dies_while_writing_does_no_harm(nut, database, reads, later):
    expected = fingerprint(nut)
    remember(many(0))
    intact = database.read_bytes()
    worker = multiprocessing.get_context("fork").Process(target=die_while_writing, args=(database,))
    worker.start()
    worker.join(30)
    assert worker.exitcode == 9
    assert database.read_bytes() != intact, "this test proves nothing"
    for _ in range(2):
        later()
        assert fingerprint(nut) == expected
    assert reads == []
    assert recall(many(0)) == many(0)


# --- what may be wrong with the database -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "harm",
    [
        lambda f: f.write_bytes(b"no database, but long enough for one" * 300),
        lambda f: f.write_bytes(f.read_bytes()[:100] + Random(0).randbytes(f.stat().st_size - 100)),
        lambda f: os.truncate(f, 5000),
        lambda f: os.truncate(f, 10),
        lambda f: os.truncate(f, 0),
        lambda f: f.unlink(),
        lambda f: shutil.rmtree(f.parent),
    ],
    ids=["text", "noise", "cut", "head", "empty", "deleted", "folder"],
)
def test_a_damaged_database_is_made_again(nut, database, reads, later, harm):
    expected = fingerprint(nut)
    harm(database)
    later()
    assert fingerprint(nut) == expected
    assert len(reads) == files(nut)
    later()
    assert fingerprint(nut) == expected
    assert reads == [], "not made again"


def test_no_damaged_byte_gives_a_wrong_hash(tmp_path, database, reads, later):
    paths = [tmp_path / f"{index}.png" for index in range(40)]
    for path in paths:
        path.write_bytes(path.name.encode())

    def all_hashes() -> list[str]:
        with remembered(paths):
            return [file_digest(path) for path in paths]

    expected = all_hashes()
    intact = database.read_bytes()
    recalled = 0
    for place in range(0, len(intact), 61):
        database.write_bytes(intact[:place] + bytes([intact[place] ^ 0x15]) + intact[place + 1 :])
        later()
        assert all_hashes() == expected, f"byte {place}"
        recalled += not reads
    assert 0 < recalled < len(intact) // 61, "some damage is in empty places, some is not"


def test_another_table_is_passed_over(file, database):
    database.parent.mkdir()
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE hashes (other)")
    assert once(file) == once(file) == "b5c79b33ed05bf04"
    assert count() == 0


def test_a_cache_folder_that_cannot_be_written(file, tmp_path, monkeypatch, reads, later):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("URA_STUDY_CACHE", str(tmp_path / "file"))
    assert once(file) == "b5c79b33ed05bf04"
    later()
    assert once(file) == "b5c79b33ed05bf04"
    assert reads == [file]


@pytest.fixture
def public(monkeypatch):
    """A folder that all users may enter, with the cache folder in it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("URA_STUDY_CACHE", f"{folder}/cache")
        yield Path(folder)
        Path(folder, "cache/hashes").chmod(0o755)


def test_a_database_that_may_only_be_read_still_serves(public, reads, later):
    """It is read in a process of a user who, unlike root, is stopped by permissions."""
    file, other = public / "image", public / "other"
    file.write_bytes(b"one")
    other.write_bytes(b"two")
    before = once(file)
    (database,) = (public / "cache/hashes").iterdir()
    content = database.read_bytes()
    database.chmod(0o444)
    database.parent.chmod(0o555)
    later()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    worker = context.Process(target=as_nobody, args=(queue, reads, file, other))
    worker.start()
    assert queue.get(timeout=30) == (before, file_digest(other), [other])
    worker.join(30)
    assert database.read_bytes() == content


def as_nobody(queue, reads, file, other) -> None:
    if os.geteuid() == 0:
        os.setuid(65534)
    queue.put((once(file), once(other), list(reads)))
