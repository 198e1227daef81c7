"""Which mask belongs to which image: decided by name, never by the order of files.

(Sorted, `anomaly-1_mask` comes after `anomaly-10_mask`, but `anomaly-1` before `anomaly-10`.)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ura_study.data.files import folders, images
from ura_study.errors import DataError, nearest

Masks = dict[Path, tuple[Path, ...]]


def by_stem(pictures: Sequence[Path], paths: Sequence[Path], suffix: str) -> Masks:
    """Return those of the masks `paths` that belong to an image: `<stem><suffix>.*`, or else `<stem>.*`.

    Raises:
        DataError: where an image has no mask while a mask has no image, or where two masks claim one image.
    """
    masks: dict[str, Path] = {}
    for path in paths:
        if (other := masks.setdefault(path.stem, path)) != path:
            raise DataError(f"{path}: expected one mask of this name, but there is {other.name} too")
    wanted = {path: next((s for s in (path.stem + suffix, path.stem) if s in masks), None) for path in pictures}
    extra = masks.keys() - set(wanted.values())
    without = [path for path, stem in wanted.items() if stem is None]
    if extra and without:
        odd = masks[min(extra)]
        raise DataError(
            f"{odd}: this mask fits no image of {without[0].parent}, while {without[0].name} has none; "
            f"expected {without[0].stem}{suffix}{odd.suffix} or {without[0].stem}{odd.suffix}"
        )
    return {path: (masks[stem],) for path, stem in wanted.items() if stem is not None}


def by_folder(pictures: Sequence[Path], folder: Path) -> Masks:
    """Return the masks of the images that have some: all images in `<folder>/<stem>/`.

    Raises:
        DataError: where an image has no folder of masks while such a folder has no image.
    """
    found = {path.name: path for path in folders(folder)}
    stems = {path.stem for path in pictures}
    extra = [path for name, path in found.items() if name not in stems]
    without = [path for path in pictures if path.stem not in found]
    if extra and without:
        raise DataError(
            f"{extra[0]}: this folder of masks fits no image, while {without[0].parent.name}/{without[0].name} has "
            f"none{nearest(extra[0].name, stems)}"
        )
    return {path: masks for path in pictures if path.stem in found and (masks := tuple(images(found[path.stem])))}
