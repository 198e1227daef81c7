"""List the images and folders in a folder; no file is opened.

Names are compared in the Unicode form NFC: a Mac writes "ü" as two characters, other systems as one, and both must
match. Hidden files and folders and circular links are skipped.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath

from ura_study.errors import DataError

#: Endings of image files, lower case.
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".jp2")
#: Endings of other files that often lie beside images: skipped silently. Files with any other ending are reported.
BESIDE = (".txt", ".md", ".csv", ".json", ".xml", ".yaml", ".yml", ".html", ".pdf", ".log", ".py", ".db", ".ini")

#: Names of folders and of a file, one below the other.
Parts = tuple[str, ...]


def plain(name: str) -> str:
    """Return a name in the Unicode form (NFC) in which names are compared."""
    return unicodedata.normalize("NFC", name)


def parts(path: Path, folder: Path) -> Parts:
    """Return the names that lead from a folder to a path in it, as they are compared."""
    return tuple(map(plain, path.relative_to(folder).parts))


def order(path: Path) -> Parts:
    """Return the sort key of a path: folder by folder, independent of the Unicode form of names."""
    return tuple(map(plain, path.parts))


def is_image(path: Path) -> bool:
    """Tell whether a file is an image by its ending."""
    return path.suffix.lower() in IMAGES


def within(folder: Path, place: str) -> Path:
    """Return the path `place` in a folder, in the Unicode form used on disk; it need not exist."""
    found = folder
    for name in PurePosixPath(place).parts:
        exact = found / name
        alike = [] if name.isascii() or exact.exists() or not found.is_dir() else listed(found)
        found = next((path for path in alike if plain(path.name) == plain(name)), exact)
    return found


def listed(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted, without hidden files and folders.

    Raises:
        DataError: where the folder cannot be read, or a name in it is no valid text.
    """
    try:
        paths = sorted((p for p in folder.iterdir() if not p.name.startswith(".")), key=order)
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error
    for path in paths:
        if not all(letter.isprintable() or unicodedata.category(letter) == "Zs" for letter in path.name):
            raise DataError(f"{folder}: expected names of printable UTF-8 text, but got {path.name!r}")
    return paths


def folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, sorted; none where it does not exist or its link leads in a circle."""
    return [p for p in listed(folder) if p.is_dir()] if folder.is_dir() else []


def images(folder: Path) -> list[Path]:
    """Return the image files in a folder, sorted; none where it does not exist."""
    return [p for p in listed(folder) if is_image(p) and not p.is_dir()] if folder.is_dir() else []


def tree(folder: Path, enter: Callable[[Path], bool]) -> tuple[list[Path], list[Path]]:
    """Return all files in a folder and its subfolders, sorted, and the subfolders that `enter` refuses.

    Links are followed, except to a folder that contains the link.

    Raises:
        DataError: where a folder cannot be read, or a name in it is no valid text.
    """
    files: list[Path] = []
    passed: list[Path] = []

    def walk(here: Path, above: Collection[Path]) -> None:
        for path in listed(here):
            if not path.is_dir():
                files.append(path)
            elif not enter(path):
                passed.append(path)
            elif (real := path.resolve()) not in above:
                walk(path, (real, *above))

    real = folder.resolve()
    walk(folder, (real, *real.parents))
    return files, passed


def images_anywhere(folder: Path, skip: Collection[Path] = ()) -> list[Path]:
    """Return all images at any depth in a folder that no layout reads, sorted.

    The folders `skip`, linked folders and unreadable folders are left out.
    """
    found: list[Path] = []
    for here, inner, names in os.walk(folder) if folder not in skip else ():
        inner[:] = [name for name in inner if not name.startswith(".") and Path(here, name) not in skip]
        found += [Path(here, name) for name in names if not name.startswith(".")]
    return sorted(filter(is_image, found), key=order)


def shown(path: Path) -> str:
    """Return a path as text that can be printed, whatever bytes its names are made of."""
    return os.fspath(path).encode("utf-8", "backslashreplace").decode()
