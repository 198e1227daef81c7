"""A short hash of the content of a data set, which changes if an image is changed, added or removed.

Files are hashed completely. The hashes are remembered in this process and, by `hashes`, for later ones.
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

#: Hashes that this process knows, by absolute path of the file.
_known: dict[Path, Known] = {}


def file_digest(path: Path) -> str:
    """Return the hash of a file's content; a file known to this process is read again only if its stamp has changed.

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
    """Load the hashes of `paths` that earlier processes stored; when the block ends, store the new ones.

    The database is opened at most twice, however many files there are, and not at all when all are known.
    """
    places = {path.absolute() for path in paths}
    if unknown := places - _known.keys():
        _known.update(recall(unknown))
    before = {place: _known.get(place) for place in places}
    try:
        yield
    finally:  # also after an error: a file that cannot be read must not cause the others to be read again
        now = {place: _known[place] for place in places if place in _known}
        if found := {place: known for place, known in now.items() if known is not before[place]}:
            remember(found)


def fingerprint(category: Category) -> str:
    """Return the hash of a category: each image's split, name, defect, group and content, and its masks' content."""
    samples = (*category.train, *category.test)
    with remembered(path for sample in samples for path in (sample.path, *sample.masks)):
        return digest({split: _table(getattr(category, split)) for split in ("train", "test")})


def contents(samples: Iterable[Sample]) -> list[str]:
    """Return the content hashes of the images, in order; features depend on nothing else of the data."""
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
