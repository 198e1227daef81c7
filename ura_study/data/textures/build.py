"""Write the texture set as a tree in MVTec AD layout.

    <root>/<category>/train/good/000.png                     60 normal tiles
    <root>/<category>/test/good/000.png                      20 normal tiles
    <root>/<category>/test/<defect>/000.png                  8 tiles of each kind
    <root>/<category>/ground_truth/<defect>/000_mask.png     255 where the tile was altered, else 0

All are 8-bit grey, 256 x 256. Each tile has a generator of its own, so that it does not depend on how many come before.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ura_study.data.textures.defects import DEFECTS, draw_defect
from ura_study.data.textures.exposure import expose
from ura_study.data.textures.photographs import PHOTOGRAPHS, REGIONS, cut, draw_crop, load_photograph

TRAIN_TILES = 60
GOOD_TILES = 20
TILES_PER_DEFECT = 8


def build_textures(root: Path, seed: int = 0) -> None:
    """Write the whole set below `root`; the same seed gives the same bytes."""
    photographs = {name: load_photograph(name) for name in PHOTOGRAPHS}
    for category in PHOTOGRAPHS:
        build_category(root / category, category, photographs, seed)


def build_category(folder: Path, category: str, photographs: dict[str, np.ndarray], seed: int) -> None:
    """Write the tiles of one category; the other photographs lend the foreign material."""
    for split, count in (("train", TRAIN_TILES), ("test", GOOD_TILES)):
        for index in range(count):
            rng = tile_generator(seed, category, split, "good", index)
            save(folder / split / "good" / f"{index:03}.png", normal_tile(photographs[category], split, rng))
    others = [name for name in PHOTOGRAPHS if name != category]
    for kind in DEFECTS:
        for index in range(TILES_PER_DEFECT):
            rng = tile_generator(seed, category, "test", kind, index)
            clean = normal_tile(photographs[category], "test", rng)
            other = normal_tile(photographs[others[index % len(others)]], "test", rng)
            tile, mask = draw_defect(kind, clean, other, rng)
            save(folder / "test" / kind / f"{index:03}.png", tile)
            save(folder / "ground_truth" / kind / f"{index:03}_mask.png", mask)


def normal_tile(photograph: np.ndarray, split: str, rng: np.random.Generator) -> np.ndarray:
    """Return a tile of the region of `split`, exposed at random: float32 (256, 256) in 0..1."""
    return expose(cut(photograph, draw_crop(REGIONS[split], rng)), rng)


def tile_generator(seed: int, category: str, split: str, kind: str, index: int) -> np.random.Generator:
    """Return the generator of one tile, independent of those of all other tiles and seeds."""
    return np.random.default_rng([seed, index, *f"{category}/{split}/{kind}".encode()])


def save(path: Path, tile: np.ndarray) -> None:
    """Write a tile or mask in 0..1 as an 8-bit grey PNG, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(tile * 255).astype(np.uint8)).save(path)
