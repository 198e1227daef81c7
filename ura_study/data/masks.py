"""Which mask belongs to which image: decided by name, never by the order of files.

(Sorted, `anomaly-1_mask` comes after `anomaly-10_mask`, but `anomaly-1` before `anomaly-10`.)

A name here is folder and file name without the ending, e.g. `ground_truth/bent/001`. `masks` has the name of each mask;
`images` has, for each image, the name that its mask would have without the suffix.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ura_study.data.files import plain
from ura_study.errors import DataError

Masks = dict[Path, tuple[Path, ...]]
Names = Mapping[Path, str]


def by_stem(images: Names, masks: Names, suffix: str) -> Masks:
    """Return the mask of each image that has one: `<name><suffix>`, or else `<name>`.

    Raises:
        DataError: where a folder of masks has one without an image for an image without a mask, or one is left over
            while a folder of images has none, or where two masks claim one image or two images one mask.
    """
    return {image: (mask,) for image, mask in _fitting(images, masks, suffix, "mask").items()}


def by_folder(images: Names, masks: Names) -> Masks:
    """Return the masks of each image that has some: all masks in the folder with the image's name.

    Raises:
        DataError: as `by_stem` does, of folders instead of masks.
    """
    inside: dict[Path, list[Path]] = {}
    for path in masks:
        inside.setdefault(path.parent, []).append(path)
    named = {folder: masks[paths[0]].rpartition("/")[0] for folder, paths in inside.items()}
    return {image: tuple(inside[folder]) for image, folder in _fitting(images, named, "", "folder of masks").items()}


def _fitting(images: Names, masks: Names, suffix: str, noun: str) -> dict[Path, Path]:
    known: dict[str, Path] = {}
    for path, name in masks.items():
        if (other := known.setdefault(name, path)) != path:
            raise DataError(f"{path}: expected one {noun} of this name, but there is {other.name} too")
    found: dict[Path, Path] = {}
    owners: dict[Path, Path] = {}
    for image, name in images.items():
        mask = next((known[wanted] for wanted in (name + suffix, name) if wanted in known), None)
        if mask is None:
            continue
        if (other := owners.setdefault(mask, image)) != image:
            raise DataError(f"{mask}: expected a {noun} of one image, but by name it is that of {other} and {image}")
        found[image] = mask
    _check_left_over(images, masks, found, suffix, noun)
    return found


def _check_left_over(images: Names, masks: Names, found: Mapping[Path, Path], suffix: str, noun: str) -> None:
    """Raise a `DataError` where a mask is left over that may well be meant for an image without one."""
    used, folders = set(found.values()), {_folder(name) for name in images.values()}
    served = {_folder(images[image]) for image in found}
    without: dict[str, Path] = {}
    for image, name in images.items():
        if image not in found:
            without.setdefault(_folder(name), image)
    bare = next((image for folder, image in without.items() if folder not in served), None)
    for mask, name in masks.items():
        here = _folder(name)
        lacking = without.get(here, None if here in folders else bare)
        if mask in used or lacking is None:
            continue
        ending = plain(mask.name).removeprefix(name.rpartition("/")[2])
        wanted = [f"{images[lacking].removeprefix(f'{here}/')}{end}{ending}" for end in dict.fromkeys((suffix, ""))]
        raise DataError(
            f"{mask}: this {noun} fits no image of {lacking.parent}, while {lacking.name} has none; "
            f"expected {' or '.join(wanted)}"
        )


def _folder(name: str) -> str:
    return name.rpartition("/")[0]
