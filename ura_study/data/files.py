"""What lies in a folder: images, folders, names; nothing is opened."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from ura_study.errors import DataError

#: Endings of image files that are read, lower case.
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".jp2")
#: Endings of files that hold images, too, but are not read.
OTHER_IMAGES = (
    ".gif",
    ".heic",
    ".heif",
    ".avif",
    ".jxl",
    ".pgm",
    ".ppm",
    ".pnm",
    ".tga",
    ".dcm",
    ".dng",
    ".npy",
    ".exr",
)


def listed(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted, without hidden files and folders.

    Raises:
        DataError: where the folder cannot be read, or a name in it is no valid text.
    """
    try:
        paths = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error
    for path in paths:
        if not all(character.isprintable() or unicodedata.category(character) == "Zs" for character in path.name):
            raise DataError(f"{folder}: expected names of printable UTF-8 text, but got {path.name!r}")
    return paths


def plain(name: str) -> str:
    """Return a name in the one form in which names are compared: some systems write `ü` as two characters (NFD)."""
    return unicodedata.normalize("NFC", name)


def folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, sorted; none where it does not exist or its link leads in a circle."""
    return [p for p in listed(folder) if p.is_dir()] if folder.is_dir() else []


def images(folder: Path) -> list[Path]:
    """Return the image files in a folder, sorted; none where it does not exist."""
    return [p for p in listed(folder) if p.suffix.lower() in IMAGES] if folder.is_dir() else []
