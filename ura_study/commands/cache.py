"""`ura-study cache`: show or remove the content of the cache folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from ura_study.cache import ABOUT, cache_root, size, writing
from ura_study.data import hashes
from ura_study.errors import ConfigError, nearest

#: Folder below the cache folder → what it holds.
KINDS = {
    "features": "feature maps of images, by backbone and layer",
    "fits": "weights of trained detectors; the oldest unused go first",
    "preparations": "what trainings of several variants start from; the oldest unused go first",
    "checkpoints": "trainings that were cut off, to be continued",
    "backbones": "weights of backbones, as they came",
    "synthetic": "held-out images with synthetic defects",
    "textures": "the built-in data set",
    hashes.KIND: "of the files of data sets, so that these are not read again",
}
#: The files that are counted as entries where these are no folders with an `about.json`.
ENTRIES = {"checkpoints": "*.ckpt"}
EVERYTHING = "all"


def cache(clear: str | None, console: Console) -> int:
    """Show the content of the cache folder by kind; with `clear` (a kind, or `all`), remove that first. Return 0.

    Raises:
        ConfigError: where there is no such kind.
        ResourceError: where a folder cannot be removed.
    """
    root = cache_root()
    if clear is not None:
        _remove(root, clear, console)
    table = Table(title=str(root), title_justify="left")
    for heading in ("kind", "entries", "size", "what it is"):
        table.add_column(heading, justify="right" if heading in ("entries", "size") else "left")
    for kind, what in KINDS.items():
        folders, files = _folders(root, kind), ENTRIES.get(kind, ABOUT)
        entries = hashes.count() if kind == hashes.KIND else sum(1 for f in folders for _ in f.rglob(files))
        table.add_row(kind, str(entries), decimal(sum(map(size, folders))), Text(what))
    console.print(table)
    return 0


def _remove(root: Path, kind: str, console: Console) -> None:
    if kind not in (*KINDS, EVERYTHING):
        known = (*KINDS, EVERYTHING)
        raise ConfigError(f"--clear: expected one of {', '.join(known)}, but got '{kind}'{nearest(kind, known)}")
    for folder in [f for name in (KINDS if kind == EVERYTHING else [kind]) for f in _folders(root, name)]:
        freed = size(folder)
        with writing(folder):
            shutil.rmtree(folder)
        console.print(f"removed {folder.name}: {decimal(freed)}", highlight=False)


def _folders(root: Path, kind: str) -> list[Path]:
    """Return the folders of a kind; the built-in data set has one for each version."""
    return sorted(p for p in root.glob(f"{kind}*") if p.is_dir())
