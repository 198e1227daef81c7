"""Files that look like images and lie where a layout does not look: nothing is left out in silence."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ura_study.data.files import IMAGES, OTHER_IMAGES
from ura_study.data.table import Category


def unseen(folder: Path, category: Category, unused: Sequence[str]) -> Counter[str]:
    """Return how many images of a category's folder are neither tested, trained on nor a mask, by their place in it.

    What the layout documents as `unused` does not count, nor a stray file among masks, which is told by its own name.
    Images of kinds that are not read at all (`.gif`, say) stand apart, with their ending.
    """
    samples = (*category.train, *category.test)
    masks = {mask for sample in samples for mask in sample.masks}
    known, among_masks = masks | {sample.path for sample in samples}, {mask.parent for mask in masks}
    found: Counter[str] = Counter()
    for path in _images(folder):
        place = path.relative_to(folder)
        if path in known or any(fnmatchcase(place.as_posix(), pattern) for pattern in unused):
            continue
        ending = path.suffix.lower()
        if ending in OTHER_IMAGES:
            found[f"{place.parent.as_posix()}/*{ending}"] += 1
        elif path.parent not in among_masks:
            found[place.parent.as_posix()] += 1
    return found


def strays(root: Path, categories: Iterable[Path]) -> Counter[str]:
    """Return how many images lie below a root and in none of its categories' folders, by the folder in the root."""
    inside = set(categories)
    if root in inside:
        return Counter()
    found: Counter[str] = Counter()
    for path in _images(root):
        top = root / path.relative_to(root).parts[0]
        if top not in inside:
            found["." if top == path else top.name] += 1
    return found


def _images(folder: Path) -> Iterable[Path]:
    """Yield the files below a folder that look like images, sorted, without what is hidden."""
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in (*IMAGES, *OTHER_IMAGES):
                yield Path(place) / name
