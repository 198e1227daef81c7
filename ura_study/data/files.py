"""What lies in a folder: images, folders, names; nothing is opened."""

from __future__ import annotations

from pathlib import Path

from ura_study.errors import DataError

#: Endings of image files, lower case.
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


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
        if not path.name.isprintable():
            raise DataError(f"{folder}: expected names of printable UTF-8 text, but got {path.name!r}")
    return paths


def folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, sorted; none where it does not exist or its link leads in a circle."""
    return [p for p in listed(folder) if p.is_dir()] if folder.is_dir() else []


def images(folder: Path) -> list[Path]:
    """Return the image files in a folder, sorted; none where it does not exist."""
    return [p for p in listed(folder) if p.suffix.lower() in IMAGES] if folder.is_dir() else []
