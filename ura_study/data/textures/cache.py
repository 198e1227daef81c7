"""The texture set on disk: an entry of the cache, built when first asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ura_study.cache import entry

#: The modules that decide what the pictures look like.
RECIPE = ("build.py", "defects.py", "exposure.py", "mask.py", "photographs.py", "shapes.py")


def ensure_textures(cache: Path, seed: int = 0) -> Path:
    """Return the folder of the texture set below `cache`, and build it there if it is missing or damaged.

    The folder is named for its seed and the source of its recipe, so that a changed recipe never meets old pictures.

    Raises:
        ResourceError: where the disk is full or the cache folder cannot be written.
    """
    about = {"what": "built-in textures", "seed": seed, "recipe": _recipe()}
    return entry(cache / f"textures-{about['recipe']}-{seed}", about, lambda folder: _build(folder, seed))


def _build(folder: Path, seed: int) -> None:
    from ura_study.data.textures.build import build_textures

    build_textures(folder, seed)


def _recipe() -> str:
    """Return eight hexadecimal digits that stand for the source of the recipe."""
    source = b"".join(Path(__file__).with_name(name).read_bytes() for name in RECIPE)
    return hashlib.blake2b(source, digest_size=4).hexdigest()
