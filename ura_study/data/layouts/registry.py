"""The layout of a study's data, and where it lies."""

from __future__ import annotations

from pathlib import Path

from ura_study.data.config import SourceSettings
from ura_study.data.layouts import mvtec_ad
from ura_study.data.layouts.base import Layout
from ura_study.data.layouts.config import LAYOUTS
from ura_study.data.table import Category
from ura_study.errors import DataError


def layout_of(data: SourceSettings) -> Layout:
    """Return the layout of a study's data, with its options."""
    kind = LAYOUTS.get(data.layout)
    if data.layout in LAYOUTS.built_in:
        return kind.make(getattr(data, data.layout, None))
    return kind.make(None if kind.settings is None else kind.settings.model_validate(data.options or {}))


def locate(data: SourceSettings) -> Path:
    """Return the root folder of a study's data."""
    home = LAYOUTS.get(data.layout).home
    if data.root is not None or home is None:
        return Path(data.root or "")
    return home()


def category_names(data: SourceSettings) -> tuple[str, ...]:
    """Return the names of the categories that a study asks for, in its order.

    Of `all` they are sorted, but those of MVTec AD itself stand in the order of papers.

    Raises:
        DataError: where the root is not as the layout has it; it names the layout that would fit.
    """
    root = locate(data)
    try:
        found = layout_of(data).categories(root)
    except DataError as error:
        fitting = _fitting(root, data.layout)
        raise DataError(f"{error}{f'; it looks like layout {fitting}' if fitting else ''}") from error
    return mvtec_ad.in_order(found) if data.categories == "all" else data.categories


def read_category(data: SourceSettings, name: str) -> Category:
    """Return the sample table of one category of a study's data.

    Raises:
        DataError: where the folders are not as the layout has them.
    """
    return layout_of(data).read(locate(data), name)


def _fitting(root: Path, but: str) -> str | None:
    """Return the name of a built-in layout other than `but` that a folder is a root of, if there is one."""
    if not root.is_dir():
        return None
    others = [name for name in LAYOUTS.built_in if name not in (but, "textures", "folder")]
    return next((f"'{name}'" for name in others if LAYOUTS.get(name).make(None).names(root)), None)
