"""`ensure_textures` builds once, and again where the recipe, the seed or the files are others."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PIL import Image

from ura_study.data.textures import build, cache
from ura_study.data.textures.cache import ensure_textures
from ura_study.errors import ResourceError

PICTURE = "brick/test/good/000.png"


@pytest.fixture(autouse=True)
def builds(monkeypatch):
    """Replace the set by one picture; return the seeds of the builds."""
    seeds = []

    def build_one(root, seed):
        seeds.append(seed)
        (root / PICTURE).parent.mkdir(parents=True)
        Image.new("L", (8, 8), seed).save(root / PICTURE)

    monkeypatch.setattr(build, "build_textures", build_one)
    return seeds


def test_built_once_per_seed(tmp_path, builds):
    root = ensure_textures(tmp_path)
    assert root == ensure_textures(tmp_path)
    assert (root / PICTURE).is_file()
    assert ensure_textures(tmp_path, seed=1) != root
    assert builds == [0, 1]


def test_a_changed_recipe_is_another_folder(tmp_path, builds, monkeypatch):
    root = ensure_textures(tmp_path)
    monkeypatch.setattr(cache, "RECIPE", cache.RECIPE[1:])
    assert ensure_textures(tmp_path) != root


@pytest.mark.parametrize("damage", ["truncated", "deleted", "added"])
def test_a_damaged_set_is_built_again(tmp_path, builds, damage):
    root = ensure_textures(tmp_path)
    if damage == "truncated":
        (root / PICTURE).write_bytes((root / PICTURE).read_bytes()[:-5])
    elif damage == "deleted":
        (root / PICTURE).unlink()
    else:
        Image.new("L", (8, 8)).save((root / PICTURE).with_name("001.png"))
    assert ensure_textures(tmp_path) == root
    assert [p.name for p in root.rglob("*.png")] == ["000.png"]
    assert builds == [0, 0]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match=r"/file/cache/textures-\w+-0: cannot be created below a file") as caught:
        ensure_textures(tmp_path / "file" / "cache")
    assert "\n" not in str(caught.value)


def test_asking_for_a_built_set_imports_no_image_library(tmp_path):
    ensure_textures(tmp_path)
    code = (
        "import sys, pathlib; from ura_study.data.textures.cache import ensure_textures; "
        f"ensure_textures(pathlib.Path({str(tmp_path)!r})); "
        "print([m for m in ('skimage', 'scipy', 'PIL', 'numpy') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
