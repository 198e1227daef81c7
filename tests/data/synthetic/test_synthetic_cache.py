import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from datasets import write_category
from PIL import Image

from ura_study.data.fingerprint import contents
from ura_study.data.images import load_mask, load_original
from ura_study.data.layouts.mvtec_ad import read
from ura_study.data.synthetic import cache as module
from ura_study.data.synthetic import draw
from ura_study.data.synthetic.cache import altered_samples
from ura_study.data.synthetic.kinds import KINDS
from ura_study.errors import DataError


@pytest.fixture
def samples(tmp_path):
    write_category(tmp_path, "nut", train=6, size=96)
    return read(tmp_path, "nut").train


@pytest.fixture
def drawn(monkeypatch):
    """Count the images that are altered."""
    kinds, alter = [], draw.alter

    def counted(kind, *rest, faint):
        kinds.append((kind, faint))
        return alter(kind, *rest, faint=faint)

    monkeypatch.setattr(draw, "alter", counted)
    return kinds


def test_an_altered_image_for_each_with_its_mask(samples, drawn):
    altered = altered_samples(samples)
    faint = [False, False, True] * 2  # every third
    assert drawn == list(zip([*KINDS, next(iter(KINDS))], faint, strict=True))
    for clean, sample in zip(samples, altered, strict=True):
        assert sample.anomalous
        assert sample.defect in KINDS
        mask = load_mask(sample.masks[0], sample.path)
        changed = (load_original(sample.path) != load_original(clean.path)).any(axis=-1)
        assert mask.any()
        assert not changed[~mask].any()


def test_made_once(samples, drawn):
    assert altered_samples(samples) == altered_samples(samples)
    assert len(drawn) == 6


def test_other_images_or_another_recipe_are_made_anew(samples, drawn, monkeypatch):
    first = altered_samples(samples)
    assert altered_samples(samples[:4])[0].path.parent != first[0].path.parent
    Image.new("L", (96, 96), 90).save(samples[5].path)
    changed = altered_samples(samples)
    assert changed[0].path.parent != first[0].path.parent
    monkeypatch.setattr(module, "RECIPE", module.RECIPE[1:])
    assert altered_samples(samples)[0].path.parent != changed[0].path.parent


def test_a_damaged_entry_is_made_again(samples, drawn):
    path = altered_samples(samples)[0].path
    before = path.read_bytes()
    path.write_bytes(before[:-9])
    assert altered_samples(samples)[0].path.read_bytes() == before


def test_another_process_makes_the_same(samples, tmp_path, monkeypatch):
    here = contents(altered_samples(samples))
    code = (
        "import sys, pathlib; from ura_study.data.layouts.mvtec_ad import read;"
        "from ura_study.data.fingerprint import contents;"
        "from ura_study.data.synthetic.cache import altered_samples;"
        "print(*contents(altered_samples(read(pathlib.Path(sys.argv[1]), 'nut').train)))"
    )
    monkeypatch.setenv("URA_STUDY_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    there = subprocess.check_output([sys.executable, "-c", code, str(tmp_path)], text=True).split()
    assert there == here


def test_the_recipe_names_every_module_that_draws():
    folder = Path(module.__file__).parent
    drawing = {f"synthetic/{p.name}" for p in folder.glob("*.py") if p.name != "__init__.py"}
    assert drawing <= set(module.RECIPE)


def test_an_unreadable_image_leaves_nothing(samples, cache):
    samples[2].path.write_bytes(b"no image")
    with pytest.raises(DataError, match=r"002.png: cannot be read as an image"):
        altered_samples(samples)
    assert not list(cache.glob("synthetic/*/*.png"))


def test_sixteen_bit_images_are_read_as_the_network_sees_them(samples):
    Image.fromarray((np.random.default_rng(0).random((96, 96)) * 65535).astype(np.uint16)).save(samples[0].path)
    altered = altered_samples(samples)[0]
    mask = load_mask(altered.masks[0], altered.path)
    np.testing.assert_array_equal(load_original(altered.path)[~mask], load_original(samples[0].path)[~mask])
