"""Content hashes between processes: believed while a file's stamp is the same, and never a wrong one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hashed import SETTLING, files, once

from ura_study.data import fingerprint as module
from ura_study.data import hashes
from ura_study.data.checks.look import look_at
from ura_study.data.fingerprint import contents, file_digest, fingerprint
from ura_study.data.hashes import Known, count, remember
from ura_study.errors import DataError


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
        "from ura_study.data.layouts.mvtec_ad import read\n"
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
