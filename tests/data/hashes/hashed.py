"""What the tests of content hashes ask for."""

from __future__ import annotations

from pathlib import Path

from ura_study.data import hashes
from ura_study.data.fingerprint import file_digest, remembered

#: Nanoseconds after which a file counts as settled, outside of these tests.
SETTLING = hashes.SETTLING


def once(path: Path) -> str:
    with remembered([path]):
        return file_digest(path)


def files(category) -> int:
    return sum(1 + len(sample.masks) for sample in (*category.train, *category.test))
