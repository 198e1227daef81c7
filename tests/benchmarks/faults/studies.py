"""The small studies that faults strike: runs of a second, on a few of the built-in textures."""

from __future__ import annotations

import copy
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ura_study.data.textures.cache import ensure_textures

CATEGORIES = ("brick", "grass")
#: How many tiles of each folder of a category are taken.
TILES = {"train/good": 24, "test/good": 4, "test/hole": 2, "test/stain": 2}
SAMPLES = "model.perception.mc_samples"

#: Variants that differ in scoring alone, so that weights are shared through the cache.
PLAIN: dict[str, Any] = {
    "study": "struck",
    "base": {
        "features": {"map_size": 8},
        "model": {"restoration": {"prototypes": 16, "width": 16, "exclusion": 1}, "perception": {"width": 8}},
        "training": {"steps": 60, "reports": 20},
    },
    "seeds": [0, 1],
    "ablations": {"samples": {"sweep": {SAMPLES: [3]}}},
}
#: A variant more, whose loss overflows.
_OVERFLOW = {"training.precision": ["float16"], "training.lr": [1.0]}
DIVERGING = PLAIN | {"ablations": PLAIN["ablations"] | {"diverging": {"grid": _OVERFLOW}}}
#: Every combination is tried, so that what is found does not depend on the order in which runs end.
SEARCH = PLAIN | {
    "ablations": {},
    "search": {"space": {SAMPLES: {"int": [1, 4]}}, "trials": 4, "sampler": "grid", "pruner": "none"},
}
#: Trainings of some seconds, kept several times a second.
_KEPT = {"steps": 600, "reports": 20, "checkpoint": "0.2s"}
KEPT = PLAIN | {"base": PLAIN["base"] | {"training": _KEPT}}
STUDIES = {"plain": PLAIN, "diverging": DIVERGING, "search": SEARCH, "kept": KEPT}
#: Studies that are compared with another one, undisturbed; the others with themselves.
REFERENCES = {"diverging": "plain"}


def study(name: str, data: Path) -> dict[str, Any]:
    """Return the content of a study file on the images in `data`."""
    section: dict[str, Any] = {"layout": "mvtec_ad", "root": str(data), "image_size": 64}
    if name == "search":
        section["validation"] = 0.3
    return copy.deepcopy(STUDIES[name]) | {"data": section}


def write_images(folder: Path) -> None:
    """Write a few tiles of two categories of the built-in textures, in MVTec AD layout."""
    with tempfile.TemporaryDirectory() as cache:
        textures = ensure_textures(Path(cache))
        for category in CATEGORIES:
            for place, count in TILES.items():
                for index in range(count):
                    _copy(textures, folder, f"{category}/{place}/{index:03}.png")
                    if "good" not in place:
                        mask = place.replace("test", "ground_truth")
                        _copy(textures, folder, f"{category}/{mask}/{index:03}_mask.png")


def _copy(source: Path, target: Path, name: str) -> None:
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / name, target / name)
