"""Looking at one image file: can it be decoded, how large is it, what does it look like, is a mask empty?"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ura_study.data.fingerprint import file_digest, remembered
from ura_study.data.images import deep, marked, open_image, pages, to_rgb
from ura_study.data.preprocessing import Depth
from ura_study.errors import DataError

#: Side of the grid of the perceptual hash: 256 bits.
GRID = 16


@dataclass(frozen=True)
class Look:
    """Properties of one file; `problem` if it cannot be read."""

    size: tuple[int, int] = (0, 0)
    """(width, height)."""
    content: str = ""
    """Hash of the file's bytes."""
    likeness: bytes = b""
    """Perceptual hash of an image, 256 bits; empty for a mask."""
    black: bool = False
    """Whether nothing is marked in a mask."""
    share: float = 0.0
    """How much of a mask is marked, 0..1."""
    shades: int = 0
    """Different values of a mask."""
    brightest: int | None = None
    """The greatest value of an image of more than eight bits."""
    pages: int = 1
    """How many pictures the file of an image holds; the first is read."""
    problem: str = ""


def look_at(paths: Iterable[Path], masks: Iterable[Path], depth: Depth = "type") -> dict[Path, Look]:
    """Look at all images `paths`, read by `depth`, and all `masks`, several at a time."""
    tasks = [(path, False) for path in paths] + [(path, True) for path in masks]
    files = [path for path, _ in tasks]
    with remembered(files), ThreadPoolExecutor(os.cpu_count()) as pool:  # decoding and hashing release Python's lock
        return dict(zip(files, pool.map(lambda task: look(task[0], task[1], depth), tasks), strict=True))


def look(path: Path, is_mask: bool = False, depth: Depth = "type") -> Look:
    """Look at one file."""
    try:
        content, image = file_digest(path), open_image(path)
        if is_mask:
            mask = marked(image)
            shades = len(np.unique(np.asarray(image if deep(image) else image.convert("L"))))
            return Look(image.size, content, black=not mask.any(), share=float(mask.mean()), shades=shades)
        colours = to_rgb(image, path, depth)
        brightest = int(np.asarray(image).max()) if deep(image) else None
        return Look(image.size, content, likeness(colours), brightest=brightest, pages=pages(path))
    except DataError as error:
        return Look(problem=str(error))


def likeness(image: Image.Image) -> bytes:
    """Return the difference hash of an image: for each cell of a 16 × 16 grid whether it is brighter than the next.

    The dHash of N. Krawetz ("Kind of Like That", 2013) on a finer grid, since the images of one product are alike.
    """
    size = (GRID + 1, GRID)
    small = np.asarray(image.convert("L").resize(size, Image.Resampling.BOX), dtype=np.int16)
    return np.packbits(small[:, 1:] > small[:, :-1]).tobytes()
