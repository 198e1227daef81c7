"""Each layout on a small copy of its set: categories, splits, masks and groups."""

import importlib.util
import re
import shutil

import numpy as np
import pytest
import trees
from trees import counts, settings

from ura_study.data import masks
from ura_study.data.checks.headers import check_headers
from ura_study.data.config import DataSettings
from ura_study.data.files import images
from ura_study.data.fingerprint import fingerprint
from ura_study.data.images import load_masks
from ura_study.data.layouts import elpv, magnetic_tile, oct2017
from ura_study.data.layouts.config import LAYOUTS
from ura_study.data.layouts.registry import category_names, read_category
from ura_study.data.validation import split
from ura_study.errors import DataError


@pytest.fixture
def root(tmp_path):
    return tmp_path / "set"


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("btad", {"01": (8, 3, 3), "02": (8, 3, 3), "03": (8, 3, 3)}),
        ("oct2017", {"oct2017": (24, 3, 9)}),
        ("visa", {"candle": (8, 3, 3), "pcb1": (8, 3, 3)}),
        ("mpdd", {"tubes": (8, 3, 3)}),
        ("mvtec_loco", {"pushpins": (8, 3, 4)}),
        ("magnetic_tile", {"magnetic_tile": (42, 16, 6)}),
        ("elpv", {"mono": (12, 3, 3), "poly": (12, 3, 3)}),
        ("folder", {"bottle": (8, 3, 3)}),
        ("mvtec_ad", {"bottle": (8, 3, 3)}),
    ],
)
def test_counts(layout, expected, root):
    trees.WRITERS[layout](root)
    data = settings(layout, root)
    categories = {name: read_category(data, name) for name in category_names(data)}
    assert {name: counts(category) for name, category in categories.items()} == expected
    for category in categories.values():
        check_headers(category)
        assert not any(sample.masks for sample in (*category.train, *category.test) if not sample.anomalous)
        assert all(bool(s.masks) == (layout not in ("oct2017", "elpv")) for s in category.test if s.anomalous)


def test_every_layout_has_a_tree():
    assert set(trees.WRITERS) == set(LAYOUTS.built_in) - {"textures"}


@pytest.mark.parametrize(("write", "name"), [(trees.write_mvtec_ad_2, "can"), (trees.write_mvtec_3d, "bagel")])
def test_successors_of_mvtec_ad_are_recognised(write, name, root):
    write(root)
    trees.write_mvtec_like(root, "plain")
    data = settings("mvtec_ad", root)
    assert category_names(data) == tuple(sorted((name, "plain")))
    category = read_category(data, name)
    assert counts(category) == (8, 3, 3)
    assert all(len(sample.masks) == sample.anomalous for sample in category.test)


def test_btad_masks_of_another_type_than_the_image(root):
    trees.write_btad(root)
    found = {name: read_category(settings("btad", root), name).test[0] for name in ("01", "02", "03")}
    assert [(s.path.suffix, s.masks[0].suffix) for s in found.values()] == [
        (".bmp", ".png"),
        (".png", ".png"),
        (".bmp", ".bmp"),
    ]
    assert {sample.defect for sample in found.values()} == {"ko"}


def test_oct2017_is_without_diseased_training_and_val(root):
    trees.write_oct2017(root)
    category = read_category(settings("oct2017", root), "oct2017")
    assert {sample.defect for sample in category.test} == {"good", "CNV", "DME", "DRUSEN"}
    assert {sample.path.parent.name for sample in category.train} == {"NORMAL"}
    assert {sample.group for sample in category.train} == {str(1000 + i) for i in range(6)}


@pytest.mark.parametrize(("stem", "patient"), [("NORMAL-1384-12", "1384"), ("scan", None), ("a-b", None), ("--", None)])
def test_patient_of_a_name(stem, patient):
    assert oct2017.patient(stem) == patient


def test_validation_keeps_patients_together(root):
    trees.write_oct2017(root, patients=9, scans=4)
    train = read_category(settings("oct2017", root), "oct2017").train
    parts = split(train, 0.25)
    held = {train[i].group for i in parts.normal + parts.altered}
    assert not held & {train[i].group for i in parts.train}
    assert len(parts.normal) + len(parts.altered) == 12, "9 images in patients of 4"
    assert sorted(parts.train + parts.normal + parts.altered) == list(range(36))


def test_a_copy_joins_two_patients(root):
    trees.write_oct2017(root, patients=8, scans=3)
    folder = root / "train/NORMAL"
    for patient in range(1, 8):  # a chain: all patients are one unit
        shutil.copy(folder / f"NORMAL-{1000 + patient}-0.jpeg", folder / f"NORMAL-{999 + patient}-9.jpeg")
    train = read_category(settings("oct2017", root), "oct2017").train
    with pytest.raises(DataError, match=r"keeps images of one patient or item together, .* leave 0 to train on"):
        split(train, 0.25)


def test_loco_unites_the_masks_of_an_image(root):
    trees.write_mvtec_loco(root)
    category = read_category(settings("mvtec_loco", root), "pushpins")
    several = next(sample for sample in category.test if len(sample.masks) == 2)
    expected = np.zeros((32, 32), bool)
    expected[8:20, 10:22] = True
    expected[0:4, 0:4] = True
    np.testing.assert_array_equal(load_masks(several.masks, several.path), expected)


def test_every_mask_of_an_image_counts_in_the_fingerprint(root):
    trees.write_mvtec_loco(root)
    before = fingerprint(read_category(settings("mvtec_loco", root), "pushpins"))
    trees.mask(root / "pushpins/ground_truth/logical_anomalies/000/001.png", value=1)
    assert fingerprint(read_category(settings("mvtec_loco", root), "pushpins")) != before


def test_visa_in_the_prepared_layout(root):
    trees.write_mvtec_like(root, "candle")
    data = settings("visa", root)
    assert category_names(data) == ("candle",)
    assert counts(read_category(data, "candle")) == (8, 3, 3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("object,split", "object,set", "expected the columns object,split,label,image,mask, but got object,set,label"),
        ("candle,train", "candle,fit", "line 2: expected split to be train or test, got 'fit'"),
        ("test,anomaly", "train,anomaly", "but an anomaly is in training"),
        ("Normal/0000.JPG", "Normal/none.JPG", "none.JPG: named in .*1cls.csv, but there is no such file"),
        (",train,normal,", ",train,", r"1cls.csv, line 2: expected 5 values \(object,split,.*,mask\), but got 4"),
        (",train,normal,", ",train,normal,normal,", r"1cls.csv, line 2: expected 5 values \(.*\), but got 6"),
        ("Normal/0001.JPG", "Normal/0000.JPG", "0000.JPG: expected one use of a file, but it is an image and an image"),
    ],
)
def test_wrong_tables_of_visa(root, old, new, message):
    trees.write_visa(root)
    table = root / "split_csv/1cls.csv"
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(DataError, match=message):
        read_category(settings("visa", root), "candle")


def test_magnetic_tiles_are_never_divided(root):
    trees.write_magnetic_tile(root)
    category = read_category(settings("magnetic_tile", root), "magnetic_tile")
    assert not {s.group for s in category.train} & {s.group for s in category.test}
    assert {s.defect for s in category.test} == {"good", "crack", "blowhole", "break", "fray", "uneven"}
    cracked = {s.group for s in category.test if s.defect == "crack"}
    assert len([s for s in category.test if not s.anomalous and s.group in cracked]) == 10


def test_magnetic_tiles_at_random(root):
    trees.write_magnetic_tile(root)
    data = settings("magnetic_tile", root, magnetic_tile={"split": "random", "test_share": 0.5})
    category = read_category(data, "magnetic_tile")
    assert counts(category) == (29, 29, 6)
    assert not any(sample.group for sample in category.train)


def test_photographs_of_a_tile_follow_each_other():
    stems = [f"exp{e}_num_{n}" for e, n in ((1, 100), (2, 240), (3, 400), (1, 551), (6, 552))]
    assert list(magnetic_tile.tiles([*stems, "odd"]).values()) == [
        *["tile 100"] * 2,
        "tile 400",
        "tile 551",
        "tile 551",
        None,
    ]


def test_elpv_with_uncertain_cells(root):
    trees.write_elpv(root)
    sure, all_cells = (
        read_category(settings("elpv", root, elpv={"uncertain": wanted}), "mono") for wanted in (False, True)
    )
    assert {s.defect for s in sure.test} == {"good", "defective"}
    assert {s.defect for s in all_cells.test} == {"good", "defective", "likely", "possible"}
    assert sure.train == all_cells.train


@pytest.mark.parametrize("line", ["a.png 0.5 mono", "a.png x mono", "a.png 1.0"])
def test_elpv_with_a_wrong_line(root, line):
    trees.write_elpv(root)
    table = root / "labels.csv"
    table.write_text(f"{table.read_text()}{line}\n")
    with pytest.raises(DataError, match=rf"labels.csv, line 41: expected a file, .* but got '{line}'"):
        category_names(settings("elpv", root))


def test_elpv_without_its_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"pip install 'ura-study\[elpv\]', or give a root"):
        elpv.installed()


@pytest.mark.skipif(importlib.util.find_spec("elpv_dataset") is None, reason="the extra 'elpv' is not installed")
def test_elpv_as_published():
    data = DataSettings(layout="elpv")
    assert {name: counts(read_category(data, name)) for name in category_names(data)} == {
        "mono": (470, 118, 313),
        "poly": (736, 184, 402),
    }


def test_folder_of_any_names(root):
    trees.pictures(root / "widget/ok", 10)
    trees.pictures(root / "widget/broken/bent", 2)
    trees.pictures(root / "widget/broken/dirty", 3)
    trees.mask(root / "widget/truth/bent/001-gt.png")
    folder = {
        "train": "ok", "normal": False, "anomalous": "broken/{defect}", "masks": "truth/{defect}", "mask_suffix": "-gt"
    }  # fmt: skip
    data = settings("folder", root, folder=folder)
    category = read_category(data, *category_names(data))
    assert category.name == "widget"
    assert counts(category) == (8, 2, 5)
    assert not {s.path for s in category.train} & {s.path for s in category.test}
    assert [s.masks[0].name for s in category.test if s.masks] == ["001-gt.png"]
    flat = {"train": "ok", "normal": False, "anomalous": "broken/bent", "masks": False}
    alone = settings("folder", root / "widget", folder=flat)
    assert category_names(alone) == ("widget",)
    assert counts(read_category(alone, "widget")) == (8, 2, 2)


def test_places_of_other_things_are_no_defects(root):
    for place in ("ok", "good", "masks/bad", "bad"):
        trees.pictures(root / place, 4)
    folder = {"train": "ok", "normal": "good", "anomalous": "{defect}", "masks": "masks/{defect}", "mask_suffix": ""}
    category = read_category(settings("folder", root, folder=folder), "set")
    assert {sample.defect for sample in category.test} == {"good", "bad"}
    assert {s.masks[0].parent.name for s in category.test if s.anomalous} == {"bad"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folder": {"anomalous": "../other"}}, "expected a folder inside a category's own"),
        ({"folder": {"masks": "truth/{image}/{defect}"}}, "with {defect} and /{image} as the only placeholders, but"),
        ({"folder": {"normal": "train/good"}}, "normal: expected another folder than that of train, but got 'train/g"),
        ({"folder": {"train": "./ok", "anomalous": "ok/"}}, "anomalous: expected another folder than that of train"),
        ({"folder": {"masks": "test/{defect}", "mask_suffix": ""}}, "mask_suffix: expected what tells masks from the"),
        ({"folder": {"train": "{category}/ok"}}, "without placeholders, but got '{category}/ok'"),
        ({"folder": {"anomalous": "test/{defects}"}}, "with {defect} as the only placeholders, but got"),
        ({"folder": {"masks": "{defect}/{defect}"}}, "with {defect} and /{image} as the only placeholders, but got"),
        ({"folder": {"normal": "/abs"}}, "expected a folder inside a category's own"),
        ({"folder": {"colour": "red"}}, "colour"),
        ({"elpv": {}}, "'elpv' holds options of the layout 'elpv', but the layout is 'folder'"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        settings("folder", "/data", **options)


def test_masks_are_matched_by_stem_not_by_order(root):
    names = ["anomaly-1", "anomaly-10", "anomaly-2"]
    pictures = [trees.picture(root / f"{name}.png", 0) for name in names]
    for name in names:
        trees.mask(root / f"truth/{name}_mask.png")
    paths = images(root / "truth")
    found = masks.by_stem({p: p.stem for p in pictures}, {p: p.stem for p in paths}, "_mask")
    assert {image.stem: mask.stem for image, (mask,) in found.items()} == {name: f"{name}_mask" for name in names}
