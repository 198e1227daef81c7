"""Images in folders of any names, which the study file gives (`data.folder`).

Where its root itself has the folder of training images, it is the only category, called by the root's name; else each
folder in it that has one is a category.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ura_study.data.files import folders, plain, within
from ura_study.data.layouts.base import Layout
from ura_study.data.layouts.config import FolderSettings, register_layout
from ura_study.data.layouts.places import Places, read_places
from ura_study.data.partition import set_apart
from ura_study.data.table import Category


@register_layout("folder", settings=FolderSettings)
def layout(options: FolderSettings | None = None) -> Layout:
    """Return the layout that the settings describe."""
    settings = options or FolderSettings()
    places = Places(
        settings.train,
        settings.normal or None,
        settings.anomalous,
        settings.masks or None,
        settings.mask_suffix,
    )

    def names(root: Path) -> tuple[str, ...]:
        if places.has(root):
            return (plain(root.name),)
        return tuple(plain(path.name) for path in folders(root) if places.has(path))

    def folder(root: Path, name: str) -> Path:
        return root if places.has(root) else within(root, name)

    def load(root: Path, name: str) -> Category:
        category = read_places(folder(root, name), name, places)
        return category if settings.normal else _without_normal(category, settings.test_share)

    return Layout(f"{settings.train} inside (data.folder.train), or folders that have it", names, load, folder)


def _without_normal(category: Category, share: float) -> Category:
    """Return the category with `share` of its training images for the normal test images that it lacks."""
    train, normal = set_apart(category.train, share)
    return replace(category, train=train, test=(*normal, *category.test))
