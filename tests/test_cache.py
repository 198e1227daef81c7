import errno
import json
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from ura_study import cache as module
from ura_study.cache import ABOUT, building, cache_root, entry, is_genuine, locked, size, trim, used, writing
from ura_study.errors import ResourceError

WHAT = {"what": "numbers", "version": 1}


def build(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "data.bin").write_bytes(bytes(range(256)) * 100)


def alter(path: Path) -> None:
    path.write_bytes(b"\1" * 25600)
    os.utime(path, (1, 1))  # clocks of file systems may stand still for milliseconds


def unexpected(folder: Path) -> None:
    raise AssertionError("built again")


def test_built_once_and_found_again(cache):
    folder = entry(cache / "x", WHAT, build)
    assert (folder / "deep" / "data.bin").stat().st_size == 25600
    assert entry(cache / "x", WHAT, unexpected) == folder


@pytest.mark.parametrize(
    "harm",
    [
        lambda f: os.truncate(f / "deep/data.bin", 100),
        lambda f: (f / "deep/data.bin").unlink(),
        lambda f: alter(f / "deep/data.bin"),
        lambda f: (f / "more.bin").write_bytes(b"x"),
        lambda f: (f / ABOUT).unlink(),
        lambda f: os.truncate(f / ABOUT, 20),
        lambda f: (f / ABOUT).write_text(json.dumps({"about": {"what": "other"}, "files": {}})),
        lambda f: (f / ABOUT).write_text("[]"),
    ],
    ids=["truncated", "missing", "altered", "added", "nameless", "torn about", "foreign", "no mapping"],
)
def test_what_is_not_genuine_is_built_again(cache, harm):
    folder = entry(cache / "x", WHAT, build)
    harm(folder)
    assert not is_genuine(folder, WHAT)
    entry(cache / "x", WHAT, build)
    assert is_genuine(folder, WHAT)
    assert (folder / "deep/data.bin").read_bytes() == bytes(range(256)) * 100


def test_files_are_read_again_only_where_they_were_touched(cache, monkeypatch):
    folder = entry(cache / "x", WHAT, build)
    read, real = [], module._checksum
    monkeypatch.setattr(module, "_checksum", lambda *file: read.append(file[0]) or real(*file))
    assert is_genuine(folder, WHAT)
    assert read == []
    os.utime(folder / "deep/data.bin", (1, 1))
    assert is_genuine(folder, WHAT)
    assert read == [str(folder / "deep/data.bin")]
    shutil.copytree(folder, cache / "copied")
    assert is_genuine(cache / "copied", WHAT)
    assert len(read) == 2


def test_an_entry_without_traces_is_known_by_its_checksums(cache):
    folder = entry(cache / "x", WHAT, build)
    written = json.loads((folder / ABOUT).read_text())
    del written["traces"]
    (folder / ABOUT).write_text(json.dumps(written))
    assert is_genuine(folder, WHAT)
    alter(folder / "deep/data.bin")
    assert not is_genuine(folder, WHAT)


def test_a_cache_that_is_cleared_meanwhile_is_begun_again(cache, monkeypatch):
    class Cleared(FileLock):
        def acquire(self, *arguments, **options):
            if not cleared:
                cleared.append(shutil.rmtree(cache / "kind"))
            return super().acquire(*arguments, **options)

    cleared = []
    monkeypatch.setattr("ura_study.cache.FileLock", Cleared)
    folder = entry(cache / "kind/x", WHAT, build)
    assert cleared
    assert is_genuine(folder, WHAT)
    shutil.rmtree(cache / "kind")
    used(folder)


def test_a_failed_build_leaves_nothing(cache):
    def fail(folder: Path) -> None:
        build(folder)
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        entry(cache / "x", WHAT, fail)
    assert [p.name for p in cache.iterdir()] == ["x.lock"]


def test_a_failed_rebuild_keeps_the_old_entry(cache):
    folder = entry(cache / "x", WHAT, build)
    with pytest.raises(RuntimeError), building(folder, WHAT):
        raise RuntimeError
    assert is_genuine(folder, WHAT)


def _count(cache: str, counter: str) -> None:
    def slow(folder: Path) -> None:
        with Path(counter).open("a") as file:
            file.write("x")
        build(folder)

    entry(Path(cache) / "x", WHAT, slow)


def test_processes_that_want_the_same_build_it_once(cache, tmp_path):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_count, args=(str(cache), str(tmp_path / "count"))) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 6
    assert (tmp_path / "count").read_text() == "x"


def test_a_full_disk_is_one_line():
    full = Path("/dev/full")
    with pytest.raises(ResourceError, match="/dev/full: no disk space left"), writing(full):
        full.write_bytes(b"x")


def test_another_cache_folder_is_proposed_only_for_the_cache(cache, tmp_path):
    for place, hint in ((cache / "x", " (set URA_STUDY_CACHE for another cache folder)"), (tmp_path / "x", "")):
        with pytest.raises(ResourceError) as caught, writing(place):
            raise OSError(errno.ENOSPC, "No space left on device")
        assert str(caught.value) == f"{place}: no disk space left{hint}"


def test_other_errors_of_the_system_are_bugs():
    with pytest.raises(FileNotFoundError), writing(Path("x")):
        raise FileNotFoundError(errno.ENOENT, "gone")


def test_what_a_killed_build_left_is_swept_away(cache):
    (cache / ".x-abc").mkdir(parents=True)
    (cache / ".x-abc" / "half").write_text("half")
    entry(cache / "x", WHAT, build)
    assert sorted(p.name for p in cache.iterdir()) == ["x", "x.lock"]


def test_cache_root(monkeypatch, tmp_path):
    monkeypatch.setenv("URA_STUDY_CACHE", str(tmp_path / "a" / ".." / "b"))
    assert cache_root() == tmp_path / "b"
    monkeypatch.delenv("URA_STUDY_CACHE")
    assert cache_root().name == "ura_study"


def test_a_cache_in_the_home_of_nobody_is_one_line(monkeypatch):
    monkeypatch.setenv("URA_STUDY_CACHE", "~no-such-user/x")
    with pytest.raises(ResourceError, match=r"^URA_STUDY_CACHE: Could not determine home directory"):
        cache_root()


def three_entries(cache: Path) -> list[Path]:
    """Entries of 25.6 kB, the first used last."""
    folders = [entry(cache / "parent" / name, WHAT, build) for name in "abc"]
    for age, folder in enumerate(folders):
        os.utime(folder / ABOUT, (1000 - age, 1000 - age))
    return folders


def test_trim_removes_what_was_not_used_for_longest(cache):
    a, b, c = three_entries(cache)
    used(c)
    trim(cache / "parent", 2 * size(a))
    assert [folder.exists() for folder in (a, b, c)] == [True, False, True]
    trim(cache / "parent", 3 * size(a))
    assert a.exists()


def test_another_process_may_trim_at_the_same_time(cache, monkeypatch):
    a, b, c = three_entries(cache)
    limit, real = 2 * size(a), module.size

    def slowly(folder):
        found = real(folder)
        if folder == c:
            shutil.rmtree(folder)
        return found

    monkeypatch.setattr(module, "size", slowly)
    trim(cache / "parent", limit)
    assert [folder.exists() for folder in (a, b, c)] == [True, True, False]


def test_an_entry_may_go_while_entries_are_listed(cache, monkeypatch):
    a, b, c = three_entries(cache)
    real = Path.glob

    def slowly(folder, pattern):
        found = list(real(folder, pattern))
        shutil.rmtree(c)
        return found

    limit = 2 * size(a)
    monkeypatch.setattr(Path, "glob", slowly)
    trim(cache / "parent", limit)
    assert [folder.exists() for folder in (a, b, c)] == [True, True, False]


def test_trim_leaves_alone_what_somebody_is_at_work_on(cache):
    a, b, c = three_entries(cache)
    with locked(c):
        trim(cache / "parent", 2 * size(a))
    assert [folder.exists() for folder in (a, b, c)] == [True, False, True]
