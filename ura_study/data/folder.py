"""Images in folders of any names, which the study file gives (`data.folder`).

Where its root itself has the folder of training images, it is the only category, called by the root's name; else each
folder in it that has one is a category.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ura_study.data.config import FolderSettings
from ura_study.data.files import folders
from ura_study.data.layout import Layout
from ura_study.data.partition import set_apart
from ura_study.data.places import Places, read_places
from ura_study.data.table import Category
from ura_study.errors import DataError


def layout(settings: FolderSettings) -> Layout:
    """Return the layout that the settings describe."""
    places = Places(
        settings.train,
        settings.normal or settings.train,
        settings.anomalous,
        settings.masks or None,
        settings.mask_suffix,
    )

    def names(root: Path) -> tuple[str, ...]:
        if places.has(root):
            return (root.name,)
        return tuple(path.name for path in folders(root) if places.has(path))

    def folder_of(root: Path, name: str) -> Path:
        return root if places.has(root) else root / name

    def load(root: Path, name: str) -> Category:
        folder = folder_of(root, name)
        category = read_places(folder, name, places)
        return category if settings.normal else _without_normal(category, settings.test_share, folder / places.train)

    wanted = f"{settings.train} inside (data.folder.train), or folders that have it"
    return Layout(wanted, names, load, folder_of)


def _without_normal(category: Category, share: float, place: Path) -> Category:
    """Return the category with `share` of its training images for the normal test images that it lacks."""
    train, normal = set_apart(category.train, share)
    if not train:
        raise DataError(
            f"{place}: data.folder.normal is false, so {share:g} of the training images are tested on; expected two "
            f"different images at least, so that one is left to train on, but got {len(category.train)} of one content"
        )
    return replace(category, train=train, test=(*normal, *(sample for sample in category.test if sample.anomalous)))
