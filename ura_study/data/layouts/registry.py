"""The layouts by name, and where the data of a study lies."""

from __future__ import annotations

from pathlib import Path

from ura_study.cache import cache_root
from ura_study.data.config import DataSettings, ElpvSettings, FolderSettings, MagneticTileSettings
from ura_study.data.images import allow
from ura_study.data.layouts import btad, elpv, folder, magnetic_tile, mpdd, mvtec_ad, mvtec_loco, oct2017, visa
from ura_study.data.layouts.base import Layout
from ura_study.data.table import Category
from ura_study.errors import DataError

#: Layouts without options.
FIXED = {
    "textures": mvtec_ad.LAYOUT,
    "mvtec_ad": mvtec_ad.LAYOUT,
    "btad": btad.LAYOUT,
    "oct2017": oct2017.LAYOUT,
    "visa": visa.LAYOUT,
    "mpdd": mpdd.LAYOUT,
    "mvtec_loco": mvtec_loco.LAYOUT,
}


def layout_of(data: DataSettings) -> Layout:
    """Return the layout of a study's data, with its options."""
    if data.layout == "folder":
        return folder.layout(data.folder or FolderSettings())
    if data.layout == "magnetic_tile":
        return magnetic_tile.layout(data.magnetic_tile or MagneticTileSettings())
    if data.layout == "elpv":
        return elpv.layout(data.elpv or ElpvSettings())
    return FIXED[data.layout]


def locate(data: DataSettings) -> Path:
    """Return the root folder of a study's data; the built-in textures are written to the cache when first asked for."""
    if data.layout == "textures":
        from ura_study.data.textures.cache import ensure_textures

        return ensure_textures(cache_root())
    return Path(data.root) if data.root is not None else elpv.installed()


def category_names(data: DataSettings) -> tuple[str, ...]:
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


def read_category(data: DataSettings, name: str) -> Category:
    """Return the sample table of one category of a study's data.

    Raises:
        DataError: where the folders are not as the layout has them.
    """
    allow(data.max_pixels)
    return layout_of(data).read(locate(data), name)


def _fitting(root: Path, but: str) -> str | None:
    """Return the name of a layout other than `but` that a folder is a root of, if there is one."""
    if not root.is_dir():
        return None
    known = FIXED | {
        "magnetic_tile": magnetic_tile.layout(MagneticTileSettings()),
        "elpv": elpv.layout(ElpvSettings()),
    }
    return next(
        (f"'{name}'" for name, layout in known.items() if name not in (but, "textures") and layout.names(root)), None
    )
