"""The cache folder and its entries, folders that are either complete and intact or absent.

An entry is a folder. It is built beside its final place and then renamed, so no process sees an incomplete one; a file
lock makes workers that need the same entry wait for the one that builds it. Its `about.json` describes the content and
lists its files with sizes and checksums: an entry whose description differs, or whose files were cut short or altered,
is removed and built again. A file is read for its checksum only where its times or its inode are no longer those that
it was built with, as in a cache folder that was copied.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from ura_study.errors import ResourceError

ABOUT = "about.json"
BLOCK = 1 << 22  # bytes read at once for a checksum


def cache_root() -> Path:
    """Return `$URA_STUDY_CACHE`, else the platform's cache folder for this program."""
    named = os.environ.get("URA_STUDY_CACHE")
    if not named:
        return platformdirs.user_cache_path("ura_study")
    try:
        return Path(named).expanduser().resolve()
    except RuntimeError as error:  # `~name` of an unknown user
        raise ResourceError(f"URA_STUDY_CACHE: {error} ({named})") from error


def entry(folder: Path, about: dict, build: Callable[[Path], object]) -> Path:
    """Return `folder` with the entry that `about` describes; if missing, `build(temporary folder)` makes it.

    Args:
        folder: the entry's final place below the cache folder.
        about: everything the content depends on, JSON-able.
        build: writes the entry's files into the folder it is given.

    Raises:
        ResourceError: when the disk is full or the cache folder cannot be written.
    """
    if is_genuine(folder, about):
        return folder
    with writing(folder), locked(folder):
        if not is_genuine(folder, about):
            with building(folder, about) as temporary:
                build(temporary)
    return folder


def is_genuine(folder: Path, about: dict) -> bool:
    """Tell whether `folder` is an entry about `about` whose files all are as they were built."""
    written = _written(folder, about)
    return written is not None and (_untouched(folder, written.get("traces")) or intact(folder, written["files"]))


def stamps_of(folder: Path, about: dict) -> dict[str, list[int]] | None:
    """Return the recorded sizes and checksums of an entry's files; None where it is not one about `about`."""
    written = _written(folder, about)
    return None if written is None else written["files"]


def intact(folder: Path, stamps: dict[str, list[int]]) -> bool:
    """Tell whether an entry's files are those that `stamps` lists, with these sizes and checksums."""
    try:
        same = set(stamps) == set(_files(folder))
        return same and all(_stamp(folder / name) == tuple(stamp) for name, stamp in stamps.items())
    except (OSError, TypeError):
        return False


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of the entry `folder`; the lock file stands beside it."""
    lock = FileLock(folder.with_name(f"{folder.name}.lock"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire()
    except FileNotFoundError:  # the cache was cleared in between
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn a full disk, a read-only folder or a missing permission into a `ResourceError` that names `place`."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.ENOSPC: "no disk space left",
            errno.EDQUOT: "disk quota exceeded",
            errno.EFBIG: "file too large for this disk",
            errno.EACCES: "no permission to write",
            errno.EPERM: "no permission to write",
            errno.EROFS: "read-only file system",
            errno.ENOTDIR: "cannot be created below a file",
            errno.EEXIST: "expected a folder, but it is a file",
            errno.EISDIR: "expected a file, but it is a folder",
            errno.ENAMETOOLONG: "the name is too long for the file system",
        }
        if error.errno not in reasons:
            raise
        hint = " (set URA_STUDY_CACHE for another cache folder)" if place.is_relative_to(cache_root()) else ""
        raise ResourceError(f"{place}: {reasons[error.errno]}{hint}") from error


def check_cache() -> None:
    """Raise a `ResourceError` where the cache folder cannot be written, before any work is begun."""
    root = cache_root()
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass


def replace(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        ResourceError: where the disk is full or the file cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)


@contextlib.contextmanager
def building(folder: Path, about: dict) -> Iterator[Path]:
    """Yield a temporary folder for the files of an entry; when the block ends, it replaces `folder`.

    The caller holds the entry's lock. When an exception leaves the block, `folder` stays as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f".{folder.name}-*"):  # left by a killed process, since we hold the lock
        shutil.rmtree(left, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield temporary
        files = {name: _stamp(temporary / name) for name in _files(temporary)}
        traces = {name: _trace(temporary / name) for name in files}
        (temporary / ABOUT).write_text(json.dumps({"about": about, "files": files, "traces": traces}, indent=1))
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def used(folder: Path) -> None:
    """Record that the entry `folder` was just used, so that `trim` removes older ones first; it may be gone."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(folder / ABOUT)


def trim(parent: Path, limit: int) -> None:
    """Remove the least recently used entries directly below `parent` until all together have at most `limit` bytes.

    Locked entries are kept.
    """
    entries = []
    for about in parent.glob(f"*/{ABOUT}"):
        with contextlib.suppress(FileNotFoundError):  # another process, which trims too, was faster
            entries.append((about.stat().st_mtime, about.parent))
    entries.sort()
    sizes = {folder: size(folder) for _, folder in entries}
    total = sum(sizes.values())
    for _, folder in entries:
        if total <= limit:
            break
        with contextlib.suppress(Timeout), FileLock(folder.with_name(f"{folder.name}.lock"), timeout=0):
            if folder.exists():  # the same
                shutil.rmtree(folder)
            total -= sizes[folder]


def size(folder: Path) -> int:
    """Return the total size in bytes of the files below a folder; a file that vanishes meanwhile counts as 0."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - thousands of files
    return total


def _written(folder: Path, about: dict) -> dict | None:
    """Return what is recorded of an entry; None where it is not one about `about`."""
    try:
        written = json.loads((folder / ABOUT).read_text())
        return written if "files" in written and written["about"] == json.loads(json.dumps(about)) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _untouched(folder: Path, traces: dict[str, list[int]] | None) -> bool:
    """Tell whether an entry's files are those that `traces` lists, and nobody wrote to them since they were built."""
    try:
        return traces == {name: _trace(folder / name) for name in _files(folder)}
    except OSError:
        return False


def _trace(path: Path) -> list[int]:
    """Return what changes when a file is altered or replaced. It stays the same when the folder is renamed."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _files(folder: Path) -> list[str]:
    """Return the names of all files below an entry's folder but its `about.json`."""
    names = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in names if name != ABOUT)


def _stamp(path: Path) -> tuple[int, int]:
    """Return size and CRC-32 of a file; the file is read again only when its size or time changed."""
    status = path.stat()
    return status.st_size, _checksum(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _checksum(path: str, size: int, mtime_ns: int) -> int:
    checksum = 0
    with Path(path).open("rb") as file:
        while block := file.read(BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum
