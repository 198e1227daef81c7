"""What a data set contains, as a short hash: a changed, added or removed image gives another one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from ura_study.canonical import DIGITS, digest
from ura_study.data.table import Category, Sample
from ura_study.errors import DataError

#: Bytes read at either end of a file. (Image formats carry sizes, checksums and compressed data there.)
ENDS = 1 << 16


def file_digest(path: Path) -> str:
    """Return the hash of a file's size and of its first and last 64 KiB.

    Raises:
        DataError: where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            hasher = hashlib.blake2b(f"{size}:".encode() + file.read(ENDS))
            if size > ENDS:
                file.seek(max(ENDS, size - ENDS))
                hasher.update(file.read(ENDS))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    return hasher.hexdigest()[:DIGITS]


def fingerprint(category: Category) -> str:
    """Return the hash of a category: of each image's split, defect and content, and of its mask's content."""
    return digest({split: _table(getattr(category, split)) for split in ("train", "test")})


def contents(samples: Iterable[Sample]) -> list[str]:
    """Return the content hashes of the images alone, in order: what features depend on."""
    return [file_digest(sample.path) for sample in samples]


def _table(samples: Iterable[Sample]) -> list[list[str | None]]:
    return [
        [sample.path.stem, sample.defect, file_digest(sample.path), file_digest(sample.mask) if sample.mask else None]
        for sample in samples
    ]
