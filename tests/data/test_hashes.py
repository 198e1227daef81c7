"""Content hashes between processes: believed while a file's stamp is the same, and never a wrong one."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import pytest
from datasets import write_category

from ura_study.data import fingerprint as module
from ura_study.data import hashes
from ura_study.data.fingerprint import contents, file_digest, fingerprint, remembered
from ura_study.data.hashes import Known, count, recall, remember
from ura_study.data.look import look_at
from ura_study.data.mvtec_ad import read
from ura_study.errors import DataError

#: What it is outside of these tests.
SETTLING = hashes.SETTLING


@pytest.fixture(autouse=True)
def reads(monkeypatch):
    """Paths that were read, in order; files that were written just now count as settled."""
    monkeypatch.setattr(hashes, "SETTLING", 0)
    seen, whole = [], module._content_digest
    monkeypatch.setattr(module, "_content_digest", lambda path: (seen.append(path), whole(path))[1])
    return seen


@pytest.fixture
def later(monkeypatch, reads):
    """Return what makes this process know as little as one that starts now."""

    def forget() -> None:
        monkeypatch.setattr(module, "_known", {})
        reads.clear()

    return forget


@pytest.fixture
def nut(tmp_path):
    write_category(tmp_path / "set", "nut")
    return read(tmp_path / "set", "nut")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "image"
    path.write_bytes(b"one")
    return path


@pytest.fixture
def database(cache):
    return cache / "hashes" / f"v{hashes.VERSION}.sqlite"


def once(path: Path) -> str:
    with remembered([path]):
        return file_digest(path)


def files(category) -> int:
    return sum(1 + len(sample.masks) for sample in (*category.train, *category.test))


def test_the_hash_is_this_one(file):
    """Where this fails, the hash is another: raise `hashes.VERSION`, or old ones are recalled."""
    assert file_digest(file) == "b5c79b33ed05bf04"


def test_a_later_process_reads_nothing_and_finds_the_same(nut, reads, later):
    first = fingerprint(nut), contents(nut.train), look_at([nut.train[0].path], [])
    assert len(reads) == files(nut) == count()
    later()
    assert (fingerprint(nut), contents(nut.train), look_at([nut.train[0].path], [])) == first
    assert reads == []


def test_a_real_later_process_finds_the_same(nut, database):
    code = (
        "import sys; from pathlib import Path; from ura_study.data import fingerprint as f\n"
        "from ura_study.data.mvtec_ad import read\n"
        "if sys.argv[2] == 'recall': f._content_digest = None\n"
        "print(f.fingerprint(read(Path(sys.argv[1]), 'nut')))"
    )
    first, root = fingerprint(nut), str(nut.train[0].path.parents[3])
    for how in ("recall", "read"):
        assert subprocess.check_output([sys.executable, "-c", code, root, how], text=True).strip() == first
        shutil.rmtree(database.parent, ignore_errors=True)


def test_looks_are_remembered_too(nut, reads, later):
    paths, masks = [s.path for s in nut.test], [m for s in nut.test for m in s.masks]
    before = look_at(paths, masks)
    later()
    assert look_at(paths, masks) == before
    assert reads == []


def altered(path: Path) -> None:
    path.write_bytes(b"two")


def replaced_in_time(path: Path) -> None:
    """Same size and time of modification, as `cp -p` of another file would have it."""
    status = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def other_size_in_time(path: Path) -> None:
    status = path.stat()
    path.write_bytes(b"longer")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def moved_over(path: Path) -> None:
    status, other = path.stat(), path.with_name("other")
    other.write_bytes(b"two")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [altered, replaced_in_time, other_size_in_time, moved_over])
@pytest.mark.parametrize("same_process", [True, False])
def test_a_changed_file_is_read_again(file, change, same_process, reads, later):
    before = once(file)
    time.sleep(0.02)  # longer than the file system's step of time
    change(file)
    if not same_process:
        later()
    assert once(file) == file_digest(file) != before
    later()
    assert once(file) != before
    assert reads == []


def test_a_touched_file_is_read_again_and_is_the_same(file, reads, later):
    before = once(file)
    os.utime(file)
    later()
    assert once(file) == before
    assert reads == [file]
    later()
    once(file)
    assert reads == []


def test_a_file_altered_a_moment_ago_is_not_remembered(file, reads, later, monkeypatch):
    assert SETTLING == 2_000_000_000
    monkeypatch.setattr(hashes, "SETTLING", SETTLING)
    once(file)
    assert count() == 0
    assert file not in module._known


def test_settled_when_neither_time_is_recent(file, monkeypatch):
    monkeypatch.setattr(hashes, "SETTLING", 2_000_000_000)
    os.utime(file, ns=(0, 0))  # its time of change is now
    status = file.stat()
    assert not hashes.settled(status, status.st_ctime_ns + 1_999_999_999)
    assert hashes.settled(status, status.st_ctime_ns + 2_000_000_000)
    os.utime(file, ns=(0, status.st_ctime_ns + 10**12))  # from the future
    assert not hashes.settled(file.stat(), status.st_ctime_ns + 2_000_000_000)


def test_a_relative_path_is_the_file_it_stands_for(file, reads, later, monkeypatch):
    monkeypatch.chdir(file.parent)
    before = once(Path("image"))
    later()
    assert once(file) == before
    assert reads == []
    (file.parent / "deep").mkdir()
    (file.parent / "deep/image").write_bytes(b"two")
    monkeypatch.chdir(file.parent / "deep")
    assert once(Path("image")) != before


def test_names_that_are_not_utf8_are_remembered(tmp_path, reads, later):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff'\"%?.png"))
    path.write_bytes(b"one")
    before = once(path)
    later()
    assert once(path) == before
    assert reads == []


def test_what_was_read_before_an_error_is_remembered(nut, reads, later):
    missing = nut.test[-1].path
    missing.unlink()
    with pytest.raises(DataError, match=f"{missing.name}: cannot be read"):
        fingerprint(nut)
    assert count() == len(reads) > 0


def test_reread_reads_everything_and_remembers_it(file, reads, later, monkeypatch):
    before = once(file)
    remember({file: Known(hashes.stamp(file.stat()), "wrong")})
    later()
    assert once(file) == "wrong", "this test proves nothing"
    later()
    monkeypatch.setenv("URA_STUDY_REREAD", "1")
    assert once(file) == before
    monkeypatch.delenv("URA_STUDY_REREAD")
    later()
    assert once(file) == before
    assert reads == []


def test_the_database_is_opened_for_a_data_set_not_for_a_file(nut, later, monkeypatch):
    opened, connect = [], hashes._connect
    monkeypatch.setattr(hashes, "_connect", lambda mode: (opened.append(mode), connect(mode))[1])
    fingerprint(nut)
    assert opened == ["ro", "rwc"]
    fingerprint(nut), contents(nut.train)
    assert len(opened) == 2
    later()
    fingerprint(nut), contents(nut.train)
    assert opened == ["ro", "rwc", "ro"]


# --- several processes -------------------------------------------------------------------------------------------


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
