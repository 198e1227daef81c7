"""What a data set contains, as a short hash: a changed, added or removed image gives another one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from ura_study.canonical import DIGITS, digest
from ura_study.data.table import Category, Sample
from ura_study.errors import DataError

#: Bytes read at once.
BLOCK = 1 << 20


def file_digest(path: Path) -> str:
    """Return the hash of a file's content; it is read again only when its size or time of change is another.

    Raises:
        DataError: where the file cannot be read.
    """
    try:
        status = path.stat()
        return _content_digest(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


@lru_cache(maxsize=100_000)
def _content_digest(path: Path, size: int, mtime_ns: int) -> str:
    hasher = hashlib.blake2b()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            hasher.update(block)
    return hasher.hexdigest()[:DIGITS]


def fingerprint(category: Category) -> str:
    """Return the hash of a category: of each image's split, defect, group and content, and of its masks' content."""
    return digest({split: _table(getattr(category, split)) for split in ("train", "test")})


def contents(samples: Iterable[Sample]) -> list[str]:
    """Return the content hashes of the images alone, in order: what features depend on."""
    return [file_digest(sample.path) for sample in samples]


def _table(samples: Iterable[Sample]) -> list[list]:
    return [
        [sample.path.stem, sample.defect, file_digest(sample.path), _masks(sample)]
        + ([] if sample.group is None else [sample.group])
        for sample in samples
    ]


def _masks(sample: Sample) -> str | list[str] | None:
    digests = [file_digest(mask) for mask in sample.masks]
    return digests if len(digests) > 1 else next(iter(digests), None)
