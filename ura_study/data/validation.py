"""Hold out training images, for choices that must not depend on test images.

The choice follows the order of the images' content hashes (see `partition`), so all variants and seeds of a study are
judged on the same images. Copies of one image (files of the same content) and the images of one group (a patient, a
physical item) stay together, so that none is trained on and held out as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ura_study.data.fingerprint import contents
from ura_study.data.partition import units
from ura_study.data.table import Sample, Split
from ura_study.errors import DataError

#: Fewest images that are held out; a category must hold twice as many different ones.
FEWEST = 8


def split(samples: Sequence[Sample], share: float) -> Split:
    """Hold out `share` (0 < share <= 0.5) of the training images `samples`, at least `FEWEST`; half are to be altered.

    Whole groups are held out, so it may be somewhat more.

    Raises:
        DataError: where there are fewer than twice `FEWEST` different images, or groups too large to leave as many to
            train on, or where an image cannot be read.
    """
    hashes = contents(samples)
    different = len(set(hashes))
    folder = samples[0].path.parent if samples else "the category"
    if different < 2 * FEWEST:
        raise DataError(
            f"{folder}: data.validation needs at least {2 * FEWEST} different training images, but got {different}"
        )
    wanted = max(FEWEST, round(share * different))
    held: list[str] = []
    for unit in units(hashes, [sample.group for sample in samples]):
        if len(held) >= wanted:
            break
        held += unit
    if different - len(held) < FEWEST:
        raise DataError(
            f"{folder}: data.validation keeps images of one patient or item together, and holding {wanted} out would "
            f"leave {different - len(held)} to train on, fewer than {FEWEST}"
        )
    first = {content: position for position, content in reversed(list(enumerate(hashes)))}
    return Split(
        train=_having(hashes, set(hashes) - set(held)),
        normal=_having(hashes, held[::2]),
        altered=tuple(first[content] for content in held[1::2]),
    )


def _having(hashes: Sequence[str], wanted: Iterable[str]) -> tuple[int, ...]:
    wanted = set(wanted)
    return tuple(position for position, content in enumerate(hashes) if content in wanted)
