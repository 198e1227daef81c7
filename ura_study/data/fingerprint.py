"""What a data set contains, as a short hash: a changed, added or removed image gives another one.

Contents are hashed whole. Which file has which hash is remembered, by this process and (see `hashes`) by later ones.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ura_study.canonical import DIGITS, digest
from ura_study.data.files import plain
from ura_study.data.hashes import Known, recall, remember, settled, stamp
from ura_study.data.table import Category, Sample
from ura_study.errors import DataError

#: Bytes read at once.
BLOCK = 1 << 20

#: What this process knows of files, by absolute path.
_known: dict[Path, Known] = {}


def file_digest(path: Path) -> str:
    """Return the hash of a file's content; one this process knows is read again only when its stamp is another.

    Raises:
        DataError: where the file cannot be read.
    """
    place = path.absolute()
    try:
        now, status = time.time_ns(), place.stat()
        seen, known = stamp(status), _known.get(place)
        if known is not None and known.stamp == seen:
            return known.digest
        content = _content_digest(place)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    if settled(status, now):
        _known[place] = Known(seen, content)
    return content


@contextlib.contextmanager
def remembered(paths: Iterable[Path]) -> Iterator[None]:
    """Let `file_digest` know what earlier processes read of `paths`; on leaving, remember what it read for later ones.

    The database is opened at most twice, however many files there are, and not at all when all are known.
    """
    places = {path.absolute() for path in paths}
    if unknown := places - _known.keys():
        _known.update(recall(unknown))
    before = {place: _known.get(place) for place in places}
    try:
        yield
    finally:  # one file that cannot be read does not make the others be read again
        now = {place: _known[place] for place in places if place in _known}
        if found := {place: known for place, known in now.items() if known is not before[place]}:
            remember(found)


def fingerprint(category: Category) -> str:
    """Return the hash of a category: of each image's split, defect, group and content, and of its masks' content."""
    samples = (*category.train, *category.test)
    with remembered(path for sample in samples for path in (sample.path, *sample.masks)):
        return digest({split: _table(getattr(category, split)) for split in ("train", "test")})


def contents(samples: Iterable[Sample]) -> list[str]:
    """Return the content hashes of the images alone, in order: what features depend on."""
    paths = [sample.path for sample in samples]
    with remembered(paths):
        return [file_digest(path) for path in paths]


def _content_digest(path: Path) -> str:
    hasher = hashlib.blake2b()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            hasher.update(block)
    return hasher.hexdigest()[:DIGITS]


def _table(samples: Iterable[Sample]) -> list[list]:
    return [
        [plain(sample.path.stem), sample.defect, file_digest(sample.path), _masks(sample)]
        + ([] if sample.group is None else [sample.group])
        for sample in samples
    ]


def _masks(sample: Sample) -> str | list[str] | None:
    digests = [file_digest(mask) for mask in sample.masks]
    return digests if len(digests) > 1 else next(iter(digests), None)
