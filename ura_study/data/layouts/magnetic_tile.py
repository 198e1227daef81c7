"""Magnetic tile surface defects (Huang, Qiu, Yuan, The Visual Computer 2018), from the folders of its repository.

<root>/MT_Free/Imgs/exp<1-6>_num_<number>.jpg                                   normal
<root>/MT_{Blowhole,Break,Crack,Fray,Uneven}/Imgs/exp<1-6>_num_<number>.jpg     with the mask of the same stem as .png

The set has no split; ours sets a share of the normal images apart for testing, all defects are tested on.

`split: tile` (default) keeps the photographs of one tile together: each was taken under six exposures, so a random
split trains on pictures of what it tests. Which tile a photograph shows is not published. Our reading: the number in
its name counts frames, so photographs whose numbers follow each other within `GAP` are taken to show one tile. (In the
published set they come in sixes, one per exposure, or several tiles side by side, which does no harm.) Normal
photographs of a tile that has a defect elsewhere are tested on, never trained on.
Perceptual hashes bear this out: between training and test they find 72 near duplicates in a random split of the
published set, and none in this one.
`split: random` is the usual random split, for comparison with papers that use it; it leaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from ura_study.data.files import images, images_anywhere
from ura_study.data.layouts.base import Layout, require_images
from ura_study.data.layouts.config import MagneticTileSettings, register_layout
from ura_study.data.masks import by_stem
from ura_study.data.partition import set_apart
from ura_study.data.table import GOOD, Category, Left, Sample, Why

NAME = "magnetic_tile"
NORMAL = "MT_Free"
DEFECTS = ("MT_Blowhole", "MT_Break", "MT_Crack", "MT_Fray", "MT_Uneven")
#: Largest step between the numbers of photographs of one tile.
GAP = 150

_NUMBER = re.compile(r"exp\d+_num_(\d+)")


@register_layout("magnetic_tile", settings=MagneticTileSettings)
def layout(options: MagneticTileSettings | None = None) -> Layout:
    """Return the layout with the split that the settings ask for."""
    settings = options or MagneticTileSettings()

    def load(root: Path, name: str) -> Category:
        return _load(root, name, settings)

    return Layout(
        "MT_Free/Imgs, MT_Blowhole/Imgs, …", lambda root: (NAME,) if _imgs(root, NORMAL).is_dir() else (), load
    )


def tiles(stems: list[str]) -> dict[str, str | None]:
    """Return the tile of each photograph, named for its first number; None where a name has no number."""
    numbers = {stem: int(match[1]) for stem in stems if (match := _NUMBER.fullmatch(stem))}
    ordered = sorted(set(numbers.values()))
    tile = {ordered[0]: ordered[0]} if ordered else {}
    for before, number in pairwise(ordered):
        tile[number] = number if number - before > GAP else tile[before]
    return {stem: f"tile {tile[numbers[stem]]}" if stem in numbers else None for stem in stems}


def _load(root: Path, name: str, settings: MagneticTileSettings) -> Category:
    found = {folder: _photographs(_imgs(root, folder)) for folder in (NORMAL, *DEFECTS)}
    groups = tiles([path.stem for paths in found.values() for path in paths]) if settings.split == "tile" else {}
    normal = [Sample(path, GOOD, group=groups.get(path.stem)) for path in found[NORMAL]]
    given = {folder: _masks(_imgs(root, folder)) for folder in DEFECTS}
    masks = by_stem(_named(found[folder] for folder in DEFECTS), _named(given.values()), "")
    used = {mask for own in masks.values() for mask in own}
    defects = [
        Sample(path, folder.removeprefix("MT_").lower(), masks.get(path, ()), groups.get(path.stem))
        for folder in DEFECTS
        for path in found[folder]
    ]
    train, test = _divide(normal, {sample.group for sample in defects} - {None}, settings.test_share)
    require_images(train, "training", _imgs(root, NORMAL), name)
    left = [Left(path, Why.ALONE) for paths in given.values() for path in paths if path not in used]
    for folder in found:
        deeper = [path for path in images_anywhere(root / folder) if path.parent != _imgs(root, folder)]
        left += [Left(path, Why.ELSEWHERE) for path in deeper]
    return Category(name, train, (*test, *defects), tuple(left))


def _divide(
    normal: list[Sample], defective: set[str | None], share: float
) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Divide the normal images: those of defective tiles are tested on, then whole tiles until the share is reached."""
    forced = tuple(sample for sample in normal if sample.group in defective)
    rest = [sample for sample in normal if sample.group not in defective]
    missing = max(share * len(normal) - len(forced), 0)
    train, chosen = set_apart(rest, missing / len(rest)) if rest and missing else (tuple(rest), ())
    return train, tuple(sorted((*forced, *chosen), key=lambda sample: sample.path))


def _named(folders: Iterable[list[Path]]) -> dict[Path, str]:
    """Return the names of files without their endings, by which photograph and mask belong together."""
    return {path: path.with_suffix("").as_posix() for paths in folders for path in paths}


def _imgs(root: Path, folder: str) -> Path:
    return root / folder / "Imgs"


def _photographs(folder: Path) -> list[Path]:
    """Return the photographs; the .png of the same folder are masks (all black ones in `MT_Free`)."""
    return [path for path in images(folder) if path.suffix.lower() != ".png"]


def _masks(folder: Path) -> list[Path]:
    return [path for path in images(folder) if path.suffix.lower() == ".png"]
