"""Which mask belongs to which image: decided by name, never by the order of files.

(Sorted, `anomaly-1_mask` comes after `anomaly-10_mask`, but `anomaly-1` before `anomaly-10`.)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ura_study.data.files import folders, images, plain
from ura_study.errors import DataError, nearest

Masks = dict[Path, tuple[Path, ...]]


def by_stem(pictures: Sequence[Path], paths: Sequence[Path], suffix: str) -> Masks:
    """Return those of the masks `paths` that belong to an image: `<stem><suffix>.*`, or else `<stem>.*`.

    Raises:
        DataError: where an image has no mask while a mask has no image, or where one would have two of the other.
    """
    masks: dict[str, Path] = {}
    for path in paths:
        if (other := masks.setdefault(plain(path.stem), path)) != path:
            raise DataError(f"{path}: expected one mask of this name, but there is {other.name} too")
    wanted = {p: next((s for s in map(plain, (p.stem + suffix, p.stem)) if s in masks), None) for p in pictures}
    claimed: dict[str, Path] = {}
    for path, stem in wanted.items():
        if stem is not None and (other := claimed.setdefault(stem, path)) != path:
            raise DataError(f"{masks[stem]}: is the mask of two images, {other} and {path.name}; rename one of them")
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
    found = {plain(path.name): path for path in folders(folder)}
    stems: dict[str, Path] = {}
    for path in pictures:
        if plain(path.stem) in found and (other := stems.setdefault(plain(path.stem), path)) != path:
            raise DataError(
                f"{found[plain(path.stem)]}: are the masks of two images, {other} and {path.name}; rename one"
            )
    extra = [path for name, path in found.items() if name not in stems]
    without = [path for path in pictures if plain(path.stem) not in found]
    if extra and without:
        raise DataError(
            f"{extra[0]}: this folder of masks fits no image, while {without[0].parent.name}/{without[0].name} has "
            f"none{nearest(extra[0].name, (path.stem for path in pictures))}"
        )
    return {path: masks for stem, path in stems.items() if (masks := tuple(images(found[stem])))}


def divided(paths: Sequence[Path], suffix: str) -> tuple[list[Path], list[Path]]:
    """Divide the files of a folder in images and masks, which are those whose stem ends with `suffix`."""
    masks = [path for path in paths if plain(path.stem).endswith(plain(suffix))]
    return [path for path in paths if path not in masks], masks
