"""The folder layout of MVTec AD (Bergmann et al., CVPR 2019), which many later data sets share.

<root>/<category>/train/good/*.png
<root>/<category>/test/good/*.png
<root>/<category>/test/<defect>/<stem>.png
<root>/<category>/ground_truth/<defect>/<stem>_mask.png     (optional, per image)
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ura_study.data.table import GOOD, Category, Sample
from ura_study.errors import DataError, nearest

#: Endings of image files, lower case.
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
#: The categories of MVTec AD itself, in the order in which papers print them.
TEXTURES = ("carpet", "grid", "leather", "tile", "wood")
OBJECTS = ("bottle", "cable", "capsule", "hazelnut", "metal_nut")
OBJECTS += ("pill", "screw", "toothbrush", "transistor", "zipper")


def categories(root: Path) -> tuple[str, ...]:
    """Return the names of the categories below `root`, `in_order`.

    Raises:
        DataError: where `root` is missing, is no folder, or holds no category.
    """
    if not root.exists():
        raise DataError(f"{root}: no such folder; expected the data set's root with one folder per category")
    if not root.is_dir():
        raise DataError(f"{root}: expected a folder with one folder per category, but got a file")
    if _is_category(root):
        raise DataError(f"{root}: this is one category; expected the folder above it ({root.parent})")
    found = tuple(p.name for p in _listed(root) if _is_category(p))
    if not found:
        raise DataError(f"{root}: holds no category (a folder with train/{GOOD} inside)")
    return in_order(found)


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of categories sorted, but those of MVTec AD itself in the order of papers."""
    names, published = set(names), TEXTURES + OBJECTS
    return tuple(sorted(names, key=published.index if names <= set(published) else None))


def read(root: Path, name: str) -> Category:
    """Return the sample table of category `name`, samples sorted by folder and file name.

    Raises:
        DataError: where the category is missing or one of its splits has no image.
    """
    folder = root / name
    if not _is_category(folder):
        known = categories(root)
        raise DataError(f"{root}: no category '{name}'{nearest(name, known)} (found: {', '.join(known)})")
    train = tuple(Sample(path, GOOD) for path in _images(folder / "train" / GOOD))
    test = tuple(
        Sample(path, defect.name, masks.get(path.stem) if defect.name != GOOD else None)
        for defect in _folders(folder / "test")
        for masks in [_masks(folder / "ground_truth" / defect.name)]
        for path in _images(defect)
    )
    for split, samples, place in (("training", train, f"train/{GOOD}"), ("test", test, "test")):
        if not samples:
            raise DataError(f"{folder / place}: no {split} image ({', '.join(IMAGES)}) of category '{name}'")
    return Category(name, train, test)


def _is_category(folder: Path) -> bool:
    return (folder / "train" / GOOD).is_dir()


def _folders(folder: Path) -> list[Path]:
    return [p for p in _listed(folder) if p.is_dir()] if folder.is_dir() else []


def _images(folder: Path) -> list[Path]:
    return [p for p in _listed(folder) if p.suffix.lower() in IMAGES]


def _masks(folder: Path) -> dict[str, Path]:
    """Return the masks of one kind of defect by the stems of their images (`000_mask.png`; in some sets `000.png`)."""
    return {path.stem.removesuffix("_mask"): path for path in _images(folder)} if folder.is_dir() else {}


def _listed(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted, without hidden files and folders.

    Raises:
        DataError: where the folder cannot be read, or a name in it is no valid text.
    """
    try:
        paths = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error
    for path in paths:
        if not path.name.isprintable():
            raise DataError(f"{folder}: expected names of printable UTF-8 text, but got {path.name!r}")
    return paths
