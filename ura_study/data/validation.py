"""Which training images are held out of training, for choices that must not see a test image.

The choice follows the order of the images' content hashes, which is as good as random but depends on nothing else: not
on file names, not on the order of files, and on no seed or setting of a variant. All variants and seeds of a study are
so judged on the same images. Copies of one image (files of the same content) stay together, so that none is trained on
and held out as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ura_study.data.fingerprint import contents
from ura_study.data.table import Sample
from ura_study.errors import DataError

#: Fewest images that are held out; a category must hold twice as many different ones.
FEWEST = 8


@dataclass(frozen=True)
class Split:
    """Positions in the list of a category's training images; every image is in one of the three lists."""

    train: tuple[int, ...]
    """What is left to train on, in the order of the list."""
    normal: tuple[int, ...]
    """Held out and left as they are."""
    altered: tuple[int, ...]
    """Held out, to be given a synthetic defect; all of different content, in the order of their hashes."""


def split(samples: Sequence[Sample], share: float) -> Split:
    """Hold out `share` (0 < share <= 0.5) of the training images `samples`, at least `FEWEST`; half are to be altered.

    Raises:
        DataError: where there are fewer than twice `FEWEST` different images, or one cannot be read.
    """
    hashes = contents(samples)
    different = sorted(set(hashes))
    if len(different) < 2 * FEWEST:
        folder = samples[0].path.parent if samples else "the category"
        raise DataError(
            f"{folder}: data.validation needs at least {2 * FEWEST} different training images, but got {len(different)}"
        )
    held = different[: max(FEWEST, round(share * len(different)))]
    to_alter = held[1::2]
    first = {content: position for position, content in reversed(list(enumerate(hashes)))}
    return Split(
        train=_having(hashes, different[len(held) :]),
        normal=_having(hashes, held[::2]),
        altered=tuple(first[content] for content in to_alter),
    )


def _having(hashes: Sequence[str], wanted: Iterable[str]) -> tuple[int, ...]:
    wanted = set(wanted)
    return tuple(position for position, content in enumerate(hashes) if content in wanted)
