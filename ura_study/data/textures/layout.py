"""The layout `textures`: the built-in set, which is written to the cache when first asked for."""

from __future__ import annotations

from pathlib import Path

from ura_study.cache import cache_root
from ura_study.data.layouts import mvtec_ad
from ura_study.data.layouts.config import register_layout
from ura_study.data.textures.cache import ensure_textures


def home() -> Path:
    """Return the folder of the set, built where it is missing."""
    return ensure_textures(cache_root())


register_layout("textures", mvtec_ad.LAYOUT, home=home)
