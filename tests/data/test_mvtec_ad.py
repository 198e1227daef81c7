import pytest
from datasets import write_category
from PIL import Image

from ura_study.data.layouts import mvtec_ad
from ura_study.errors import DataError


def test_sample_table(mvtec_root):
    category = mvtec_ad.read(mvtec_root, "nut")
    assert [s.path.name for s in category.train] == [f"{i:03}.png" for i in range(6)]
    assert [(s.defect, s.anomalous) for s in category.test] == [("good", False)] * 3 + [("square", True)] * 3
    assert all([m.name for m in s.masks] == [f"{s.path.stem}_mask.png"] for s in category.test if s.anomalous)
    assert not any(s.masks for s in category.test if not s.anomalous)


def test_categories_are_sorted(mvtec_root):
    (mvtec_root / "notes").mkdir()
    assert mvtec_ad.categories(mvtec_root) == ("bolt", "nut")


def test_masks_are_optional_and_found_by_stem(mvtec_root):
    truth = mvtec_root / "nut/ground_truth/square"
    (truth / "000_mask.png").unlink()
    (truth / "001_mask.png").rename(truth / "001.png")
    masks = [s.masks and s.masks[0].name for s in mvtec_ad.read(mvtec_root, "nut").test if s.anomalous]
    assert masks == [(), "001.png", "002_mask.png"]


@pytest.mark.parametrize("ending", [".JPG", ".jpeg", ".bmp", ".tif", ".TIFF", ".webp", ".JP2"])
def test_file_types(mvtec_root, ending):
    source = mvtec_root / "nut/train/good/000.png"
    Image.open(source).save(source.with_suffix(ending))
    source.unlink()
    assert mvtec_ad.read(mvtec_root, "nut").train[0].path.suffix == ending


def test_files_that_are_no_images_are_passed_over(mvtec_root):
    for name in ("Thumbs.db", ".DS_Store", "._000.png", "license.txt"):
        (mvtec_root / "nut/train/good" / name).write_text("x")
    assert len(mvtec_ad.read(mvtec_root, "nut").train) == 6


def test_category_with_a_typo(mvtec_root):
    with pytest.raises(DataError) as caught:
        mvtec_ad.read(mvtec_root, "nuts")
    told = f"data.categories: no category 'nuts' in {mvtec_root}; did you mean 'nut'? (found: bolt, nut)"
    assert str(caught.value) == told


def test_empty_category(tmp_path):
    write_category(tmp_path, "nut", train=0)
    (tmp_path / "nut/train/good").mkdir(parents=True, exist_ok=True)
    with pytest.raises(DataError, match=r"nut/train/good: no training image \(.png, .*\) of category 'nut'"):
        mvtec_ad.read(tmp_path, "nut")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("missing", "no such folder"),
        ("nut", "this is one category; expected the folder above it"),
        ("nut/train", "holds no category"),
        ("nut/train/good/000.png", "but got a file"),
    ],
)
def test_wrong_roots(mvtec_root, place, message):
    with pytest.raises(DataError, match=message):
        mvtec_ad.categories(mvtec_root / place)


def test_hidden_folders_are_no_defects(mvtec_root):
    (mvtec_root / "nut/test/.ipynb_checkpoints").mkdir()
    Image.new("L", (64, 64)).save(mvtec_root / "nut/test/.ipynb_checkpoints/000.png")
    (mvtec_root / ".trash/train/good").mkdir(parents=True)
    assert len(mvtec_ad.read(mvtec_root, "nut").test) == 6
    assert mvtec_ad.categories(mvtec_root) == ("bolt", "nut")


def test_masks_with_upper_case_endings(mvtec_root):
    mask = mvtec_root / "nut/ground_truth/square/000_mask.png"
    mask.rename(mask.with_suffix(".PNG"))
    assert all(sample.masks for sample in mvtec_ad.read(mvtec_root, "nut").test if sample.anomalous)


def test_names_that_are_no_text(mvtec_root):
    (mvtec_root / "a\udcff/train/good").mkdir(parents=True)
    with pytest.raises(DataError, match="expected names of printable UTF-8 text"):
        mvtec_ad.categories(mvtec_root)


def test_order_of_categories():
    assert mvtec_ad.in_order(["zipper", "bottle", "wood", "carpet"]) == ("carpet", "wood", "bottle", "zipper")
    assert mvtec_ad.in_order(["zipper", "wood", "axle"]) == ("axle", "wood", "zipper")


def test_all_fifteen_categories_are_known():
    textures, objects = set(mvtec_ad.TEXTURES), set(mvtec_ad.OBJECTS)
    assert (len(textures), len(objects), textures & objects) == (5, 10, set())
