"""The layouts by name, and where the data of a study lies."""

from __future__ import annotations

from pathlib import Path

from ura_study.cache import cache_root
from ura_study.data import mvtec_ad
from ura_study.data.config import DataSettings
from ura_study.data.table import Category


def locate(data: DataSettings) -> Path:
    """Return the root folder of a study's data; the built-in textures are written to the cache when first asked for."""
    if data.layout == "textures":
        from ura_study.data.textures.cache import ensure_textures

        return ensure_textures(cache_root())
    return Path(data.root)


def category_names(data: DataSettings) -> tuple[str, ...]:
    """Return the names of the categories that a study asks for, in its order (`all`: see the layout)."""
    return mvtec_ad.categories(locate(data)) if data.categories == "all" else data.categories


def read_category(data: DataSettings, name: str) -> Category:
    """Return the sample table of one category of a study's data.

    Raises:
        DataError: where the folders are not as the layout has them.
    """
    return mvtec_ad.read(locate(data), name)
