"""The tree has MVTec AD layout and depends on the seed alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ura_study.data.textures import build
from ura_study.data.textures.defects import DEFECTS
from ura_study.data.textures.photographs import PHOTOGRAPHS


@pytest.fixture(autouse=True)
def few_tiles(monkeypatch):
    for name, count in (("TRAIN_TILES", 2), ("GOOD_TILES", 1), ("TILES_PER_DEFECT", 1)):
        monkeypatch.setattr(build, name, count)


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.png")}


def test_layout_and_format(tmp_path):
    build.build_textures(tmp_path)
    expected = set()
    for category in PHOTOGRAPHS:
        expected |= {
            f"{category}/train/good/000.png",
            f"{category}/train/good/001.png",
            f"{category}/test/good/000.png",
        }
        for kind in DEFECTS:
            expected |= {f"{category}/test/{kind}/000.png", f"{category}/ground_truth/{kind}/000_mask.png"}
    assert set(contents(tmp_path)) == expected
    for path in tmp_path.rglob("*.png"):
        with Image.open(path) as picture:
            assert (picture.mode, picture.size) == ("L", (256, 256))
            if "ground_truth" in path.parts:
                assert set(np.unique(picture)) == {0, 255}


def test_same_seed_same_bytes_and_other_seed_other_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "PHOTOGRAPHS", ("brick", "gravel"))
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        build.build_textures(tmp_path / name, seed)
    a, b, c = (contents(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() == c.keys()
    assert not [name for name in a if a[name] == c[name]]


def test_a_tile_does_not_depend_on_how_many_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "PHOTOGRAPHS", ("brick", "gravel"))
    monkeypatch.setattr(build, "DEFECTS", {"scratch": DEFECTS["scratch"]})
    build.build_textures(tmp_path / "few")
    monkeypatch.setattr(build, "TRAIN_TILES", 3)
    build.build_textures(tmp_path / "more")
    few, more = contents(tmp_path / "few"), contents(tmp_path / "more")
    assert len(more) == len(few) + 2
    assert few.items() <= more.items()
