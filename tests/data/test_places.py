"""Which files are images and which are masks: no file is both, and none is left out in silence."""

import unicodedata
from pathlib import Path

import pytest
import trees
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trees import counts

from ura_study.data import folder, mvtec_ad
from ura_study.data.check import check_headers
from ura_study.data.config import DataSettings, FolderSettings
from ura_study.data.findings import findings
from ura_study.data.layouts import not_read, outside, read_category
from ura_study.data.look import look_at
from ura_study.data.unseen import unseen
from ura_study.errors import DataError

NAME = "part"


@pytest.fixture
def root(tmp_path):
    """Five normal images to train on, two to test."""
    trees.pictures(tmp_path / NAME / "train/good", 5)
    trees.pictures(tmp_path / NAME / "test/good", 2)
    return tmp_path


def read(root, **places):
    return folder.layout(FolderSettings.model_validate(places)).read(root, NAME)


def test_masks_beside_their_images_are_no_images(root):
    """As in KolektorSDD: of eight files four are images, and the label of a normal image is none either."""
    for image in trees.pictures(root / NAME / "bad", 4):
        trees.mask(image.with_name(f"{image.stem}_label.bmp"))
    trees.mask(root / NAME / "train/good/000_label.bmp", value=0)
    category = read(root, anomalous="bad", masks="bad", mask_suffix="_label")
    assert counts(category) == (5, 2, 4)
    assert [[m.name for m in s.masks] for s in category.test if s.anomalous] == [
        [f"{i:03}_label.bmp"] for i in range(4)
    ]


def test_a_mask_beside_images_that_fits_none_is_told(root):
    trees.pictures(root / NAME / "bad", 1)
    trees.mask(root / NAME / "bad/007_label.png")
    with pytest.raises(DataError, match=r"007_label\.png: this mask fits no image of .*bad, while 000\.png has none"):
        read(root, anomalous="bad", masks="bad", mask_suffix="_label")


def test_masks_among_images_need_a_suffix():
    with pytest.raises(ValueError, match="mask_suffix must tell them apart"):
        FolderSettings(anomalous="bad", masks="bad", mask_suffix="")


@pytest.mark.parametrize("second", ["000.jpg", "000_mask.png"])
def test_a_mask_of_two_images_is_refused(root, second):
    trees.picture(root / NAME / "test/bad/000.png", 0)
    trees.picture(root / NAME / "test/bad" / second, 1)
    trees.mask(root / NAME / "ground_truth/bad/000_mask.png")
    with pytest.raises(DataError) as caught:
        read(root)
    told = str(caught.value)
    assert "ground_truth/bad/000_mask.png: is the mask of two images, " in told
    assert "000.png" in told
    assert second in told


def test_masks_in_a_folder_of_two_images_are_refused(root):
    for name in ("000.png", "000.jpg"):
        trees.picture(root / NAME / "test/bad" / name, 0)
    trees.mask(root / NAME / "ground_truth/bad/000/1.png")
    with pytest.raises(DataError, match=r"bad/000: are the masks of two images, .*000\.jpg and 000\.png; rename one"):
        read(root, masks="ground_truth/{defect}/{image}")


def test_what_is_normal_is_what_the_study_says(root):
    """With `normal: test/ok`, a folder `test/good` is one more kind, and the images in `test/ok` do not vanish."""
    trees.pictures(root / NAME / "test/ok", 3)
    category = read(root, normal="test/ok")
    found = {(s.path.parent.name, s.defect, s.anomalous) for s in category.test}
    assert found == {("ok", "good", False), ("good", "test/good", True)}
    assert counts(category) == (5, 3, 2)


def test_a_folder_of_anomalous_images_may_be_called_good(root):
    trees.pictures(root / NAME / "not/good", 3)
    category = read(root, anomalous="not/good", masks=False)
    assert counts(category) == (5, 2, 3)
    assert {s.defect for s in category.test} == {"good", "not/good"}


def test_the_kind_of_defect_may_be_part_of_a_name(root):
    for kind in ("hole", "dent"):
        for image in trees.pictures(root / NAME / f"test/defect_{kind}_x/images", 2):
            trees.mask(root / NAME / f"masks/{kind}/{image.stem}.png")
    trees.pictures(root / NAME / "test/defect_/images", 1)
    category = read(root, anomalous="test/defect_{defect}_x/images", masks="masks/{defect}")
    assert {s.defect for s in category.test} == {"good", "hole", "dent"}
    assert all(len(s.masks) == 1 for s in category.test if s.anomalous)


def test_nothing_left_to_train_on_is_told(tmp_path):
    trees.picture(tmp_path / NAME / "train/good/000.png", 0)
    trees.pictures(tmp_path / NAME / "test/bad", 1)
    with pytest.raises(DataError, match=r"train/good: data\.folder\.normal is false, .* but got 1 of one content"):
        read(tmp_path, normal=False)


def test_names_are_compared_in_one_form(tmp_path):
    """A category, its images and its masks, some names composed (NFC) and some decomposed (NFD)."""
    composed, apart = (unicodedata.normalize(form, "Münze") for form in ("NFC", "NFD"))
    assert composed != apart
    trees.pictures(tmp_path / apart / "train/good", 3)
    trees.picture(tmp_path / apart / "test/good/000.png", 0)
    trees.picture(tmp_path / apart / f"test/bad/{composed}.png", 0)
    trees.mask(tmp_path / apart / f"ground_truth/bad/{apart}_mask.png")
    data = DataSettings(layout="mvtec_ad", root=str(tmp_path), categories=[composed])
    category = read_category(data, composed)
    assert category.name == composed
    assert counts(category) == (3, 1, 1)
    assert [len(s.masks) for s in category.test if s.anomalous] == [1]


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u3000"])
def test_unusual_spaces_are_parts_of_names(root, space):
    trees.picture(root / NAME / f"test/good/Screenshot at 9.41{space}AM.png", 5)
    assert counts(read(root, anomalous="none/{defect}"))[1] == 3


def test_webp_and_jpeg_2000_are_read(root):
    for name in ("a.webp", "b.jp2"):
        trees.picture(root / NAME / "train/good" / name, 3)
    category = read(root, anomalous="none/{defect}")
    check_headers(category)
    assert counts(category)[0] == 7


def test_a_short_row_of_visa_is_told(tmp_path):
    trees.write_visa(tmp_path)
    table = tmp_path / "split_csv/1cls.csv"
    table.write_text(table.read_text() + "candle,test,normal\n")
    with pytest.raises(DataError, match=r"1cls\.csv, line \d+: expected 5 values, one of each column"):
        read_category(DataSettings(layout="visa", root=str(tmp_path)), "candle")


#: Parts of drawn trees: few names, so that they meet.
STEMS = st.sampled_from(["0", "1", "0_mask", "1_mask", "ü", "u\u0308", "ü_mask"])
ENDINGS = st.sampled_from([".png", ".jpg", ".webp", ".gif", ".txt"])
PLACES = st.sampled_from(
    [
        "train/good",
        "train/good/batch2",
        "test/good",
        "test/bad",
        "test/bad/day1",
        "test/Bad",
        "ground_truth/bad",
        "ground_truth/Bad",
        "ground_truth/bad/0",
        "other",
        "bad",
        ".",
    ]
)
LAYOUTS = {
    "mvtec_ad": {},
    "apart": {},
    "beside": {"anomalous": "test/bad", "masks": "test/bad"},
    "renamed": {"normal": "test/bad", "anomalous": "test/{defect}", "masks": "ground_truth/{defect}/{image}"},
}


def read_or_refused(data, root):
    """Return the category; None where it is refused, with a line that names a file or a folder."""
    try:
        return read_category(data, NAME)
    except DataError as error:
        told = str(error)
    assert str(root) in told
    return None


@pytest.mark.parametrize("layout", LAYOUTS)
@given(files=st.sets(st.tuples(PLACES, STEMS, ENDINGS), max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_file_is_one_thing_or_told(tmp_path_factory, layout, files):
    root = tmp_path_factory.mktemp("tree")
    trees.pictures(root / NAME / "train/good", 2, seed=9)
    for place, stem, ending in files:
        path = root / NAME / place / f"{stem}{ending}"
        if ending in (".gif", ".txt"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("no image that is read")
        elif "ground_truth" in place or (layout == "beside" and stem.endswith("_mask")):
            trees.mask(path)
        else:
            trees.picture(path, 0)
    options = {"folder": FolderSettings.model_validate(LAYOUTS[layout])} if layout != "mvtec_ad" else {}
    data = DataSettings(layout="mvtec_ad" if layout == "mvtec_ad" else "folder", root=str(root), **options)
    category = read_or_refused(data, root)
    if category is None:
        return
    samples = (*category.train, *category.test)
    pictures, masks = [s.path for s in samples], [mask for s in samples for mask in s.masks]
    assert len(set(pictures)) == len(pictures)
    assert len(set(masks)) == len(masks)
    assert not set(pictures) & set(masks)
    told = sum(not_read(data, category).values()) + sum(outside(data).values())
    looks = look_at(pictures, masks)
    stray = {p for m in masks for p in m.parent.iterdir() if p not in (*pictures, *masks)}
    stray = {p for p in stray if p.suffix in (".png", ".jpg", ".webp")}
    if stray:
        assert any("without an image" in finding.text for finding in findings(category, looks, None, 0))
    looking = {p for p in root.rglob("*") if p.is_file() and p.suffix != ".txt"}
    assert len(looking) == len(pictures) + len(masks) + told + len(stray)


def test_what_a_set_documents_as_unused_is_not_told(tmp_path):
    trees.write_mvtec_ad_2(tmp_path)
    category = mvtec_ad.read(tmp_path, "can")
    folder_of = Path(tmp_path / "can")
    assert not unseen(folder_of, category, mvtec_ad.LAYOUT.unused(folder_of))
    assert sum(unseen(folder_of, category, ()).values()) == 6
