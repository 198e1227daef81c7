"""Folders that are not as their layout has them: each is refused in one line that says what was expected."""

import shutil

import pytest
import trees
from PIL import Image
from trees import counts, settings

from ura_study.data.fingerprint import fingerprint
from ura_study.data.images import load_image
from ura_study.data.layouts.config import LAYOUTS
from ura_study.data.layouts.registry import category_names, read_category
from ura_study.data.preprocessing import Preprocessing
from ura_study.errors import DataError


@pytest.fixture
def root(tmp_path):
    return tmp_path / "set"


def test_masks_with_other_stems(root):
    trees.write_mvtec_like(root, "bottle")
    truth = root / "bottle/ground_truth/scratch"
    (truth / "001_mask.png").rename(truth / "scratch-1.png")
    with pytest.raises(DataError) as caught:
        read_category(settings("mvtec_ad", root), "bottle")
    assert str(caught.value) == (
        f"{truth}/scratch-1.png: this mask fits no image of {root}/bottle/test/scratch, while 001.png has none; "
        "expected 001_mask.png or 001.png"
    )


def test_two_masks_of_one_name(root):
    trees.write_mvtec_like(root, "bottle")
    trees.mask(root / "bottle/ground_truth/scratch/001_mask.bmp")
    with pytest.raises(DataError, match=r"001_mask.png: expected one mask of this name, but there is 001_mask.bmp too"):
        read_category(settings("mvtec_ad", root), "bottle")


def test_folders_of_masks_with_other_names(root):
    trees.write_mvtec_loco(root)
    truth = root / "pushpins/ground_truth/logical_anomalies"
    (truth / "000").rename(truth / "000x")
    with pytest.raises(DataError, match=r"000x: this folder of masks fits no image .*000.png has none; expected 000$"):
        read_category(settings("mvtec_loco", root), "pushpins")


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS.built_in) - {"textures"}))
def test_a_root_one_level_too_high(layout, tmp_path):
    trees.WRITERS[layout](tmp_path / "above/set")
    with pytest.raises(DataError, match=rf"above: holds no category; expected a folder in it \({tmp_path}/above/set\)"):
        category_names(settings(layout, tmp_path / "above"))


@pytest.mark.parametrize(
    ("layout", "place"),
    [
        ("btad", "01"),
        ("oct2017", "train"),
        ("visa", "candle"),
        ("magnetic_tile", "MT_Free"),
        ("mvtec_loco", "pushpins"),
    ],
)
def test_a_root_one_level_too_low(layout, place, root):
    trees.WRITERS[layout](root)
    with pytest.raises(DataError, match=rf"expected the folder above it \({root}\)"):
        category_names(settings(layout, root / place))


def test_the_wrong_layout_is_named(root):
    trees.write_btad(root)
    with pytest.raises(DataError, match=r"holds no category; expected .*; it looks like layout 'btad'"):
        category_names(settings("mvtec_ad", root))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, r"expected a folder with .*, but there is no such folder"),
        (lambda path: path.write_text("x"), r"expected a folder with .*, but got a file"),
        (lambda path: path.symlink_to(path), "this symbolic link leads nowhere or in a circle"),
        (lambda path: path.mkdir(), "holds no category; expected a folder with one folder per category"),
    ],
)
def test_roots_that_are_none(make, message, root):
    make(root)
    with pytest.raises(DataError, match=message):
        category_names(settings("mvtec_ad", root))


def test_an_archive_instead_of_a_folder(tmp_path):
    path = tmp_path / "btad.zip"
    path.write_bytes(b"PK")
    with pytest.raises(
        DataError, match=r"btad.zip: this is an archive; unpack it and give the folder with the folders 01"
    ):
        category_names(settings("btad", path))


def test_links_in_a_circle_below_the_root(root):
    trees.write_mvtec_like(root, "bottle")
    (root / "bottle/test/loop").symlink_to("..")
    (root / "bottle/test/self").symlink_to("self")
    (root / "again").symlink_to(".")
    data = settings("mvtec_ad", root)
    assert category_names(data) == ("bottle",)
    assert counts(read_category(data, "bottle")) == (8, 3, 3)
    (root / "bottle/train/good/x.png").symlink_to("x.png")
    with pytest.raises(DataError, match=r"x.png: cannot be read"):
        fingerprint(read_category(data, "bottle"))


def test_an_empty_category(root):
    trees.write_btad(root)
    for path in (root / "02/train/ok").iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"02/train/ok: no training image \(.*\) of category '02'"):
        read_category(settings("btad", root), "02")


def test_a_category_whose_folder_is_empty(root):
    trees.write_btad(root)
    shutil.rmtree(root / "02")
    (root / "02").mkdir()
    with pytest.raises(DataError, match=r"02: expected a category, but this folder is not as the layout has it"):
        read_category(settings("btad", root), "02")


def test_a_truncated_jpeg_is_named(root):
    trees.write_oct2017(root)
    path = root / "test/CNV/CNV-5000-1.jpeg"
    Image.effect_noise((200, 200), 80).save(path)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(DataError, match=r"CNV-5000-1.jpeg: cannot be read as an image \(image file is truncated"):
        load_image(path, Preprocessing(32))
