"""What each file of a category is, by the folders that a study names and by the names of its files."""

import unicodedata

import pytest
import trees
from trees import counts, settings

from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts.registry import category_names, read_category
from ura_study.data.table import Why
from ura_study.errors import DataError


@pytest.fixture
def root(tmp_path):
    """A category with nothing but images to train on and normal ones to test."""
    trees.pictures(tmp_path / "set/good", 4)
    trees.pictures(tmp_path / "set/fine", 2)
    return tmp_path / "set"


def read(root, **folder):
    """Return the only category of the layout `folder`."""
    named = {"train": "good", "normal": "fine", "anomalous": "bad", "masks": "bad", "mask_suffix": "_label"} | folder
    data = settings("folder", root, folder=named)
    return read_category(data, *category_names(data))


def masks(category, root):
    """Return the masks of each anomalous image, by paths in the root."""
    return {
        sample.path.relative_to(root).as_posix(): [mask.relative_to(root).as_posix() for mask in sample.masks]
        for sample in category.test
        if sample.anomalous
    }


def left(category, root):
    return {found.path.relative_to(root).as_posix(): found.why for found in category.left}


def test_masks_beside_their_images_are_no_images(root):
    for stem in ("000", "001"):
        trees.picture(root / f"bad/{stem}.png", 0)
        trees.mask(root / f"bad/{stem}_label.bmp")
    found = read(root)
    assert counts(found) == (4, 2, 2)
    assert masks(found, root) == {"bad/000.png": ["bad/000_label.bmp"], "bad/001.png": ["bad/001_label.bmp"]}


def test_masks_beside_images_of_several_kinds_and_of_normal_ones(root):
    for place in ("test/bent", "test/ok"):
        trees.picture(root / place / "000.png", 0)
        trees.mask(root / place / "000_label.png", value=255 * (place == "test/bent"))
    found = read(root, normal="test/ok", anomalous="test/{defect}", masks="test/{defect}")
    assert counts(found) == (4, 1, 1)
    assert masks(found, root) == {"test/bent/000.png": ["test/bent/000_label.png"]}
    assert left(found, root) == {"fine/000.png": Why.ELSEWHERE, "fine/001.png": Why.ELSEWHERE} | {
        "test/ok/000_label.png": Why.OF_NORMAL
    }


@pytest.mark.parametrize(
    ("image", "mask"), [("bent/images/000.png", "bent/truth/000.png"), ("bent/000.png", "bent_gt/000.png")]
)
def test_masks_in_a_folder_of_their_own_are_no_kind_of_defect(root, image, mask):
    trees.picture(root / "test" / image, 0)
    trees.mask(root / "test" / mask)
    anomalous, truth = (
        path.replace("bent", "{defect}").rpartition("/")[0] for path in (f"test/{image}", f"test/{mask}")
    )
    found = read(root, anomalous=anomalous, masks=truth)
    assert masks(found, root) == {f"test/{image}": [f"test/{mask}"]}


@pytest.mark.parametrize("place", ["good", "fine", "bad"])
def test_an_image_named_as_the_mask_of_another(root, place):
    trees.pictures(root / "bad", 2)
    trees.mask(root / place / "000_label.bmp")
    with pytest.raises(DataError) as caught:
        read(root, masks="truth")
    assert str(caught.value) == (
        f"{root}/{place}/000_label.bmp: lies among the images, but is named as the mask of 000.png; "
        "expected masks in truth, or another name"
    )
    assert not any(sample.masks for sample in read(root, masks=False).test)


def test_one_mask_for_two_images(root):
    one, other = trees.picture(root / "bad/000.jpg", 0), trees.picture(root / "bad/000.png", 0)
    mask = trees.mask(root / "truth/000_label.png")
    with pytest.raises(DataError) as caught:
        read(root, masks="truth")
    assert str(caught.value) == f"{mask}: expected a mask of one image, but by name it is that of {one} and {other}"


def test_one_folder_of_masks_for_two_images(root):
    trees.picture(root / "bad/000.jpg", 0)
    trees.picture(root / "bad/000.png", 0)
    trees.mask(root / "truth/000/a.png")
    with pytest.raises(DataError, match=r"truth/000: expected a folder of masks of one image, but .*jpg and .*png"):
        read(root, masks="truth/{image}")


def test_two_kinds_of_defect_may_not_share_a_mask(root):
    for kind in ("bent", "cut"):
        trees.picture(root / f"test/{kind}/000.png", 0)
    trees.mask(root / "truth/000_label.png")
    with pytest.raises(DataError, match=r"but by name it is that of .*/bent/000.png and .*/cut/000.png"):
        read(root, anomalous="test/{defect}", masks="truth")


def test_good_means_nothing_where_other_names_are_given(root):
    trees.pictures(root / "test/ok", 3)
    trees.pictures(root / "test/good", 2)
    trees.mask(root / "truth/good/000.png")
    found = read(root, normal="test/ok", anomalous="test/{defect}", masks="truth/{defect}")
    assert counts(found) == (4, 3, 2)
    assert masks(found, root) == {"test/good/000.png": ["truth/good/000.png"], "test/good/001.png": []}
    assert {sample.defect for sample in found.test} == {"good", "good (anomalous)"}


def test_a_folder_called_good_of_anomalous_images(root):
    trees.pictures(root / "not/good", 2)
    found = read(root, anomalous="not/good", masks=False)
    assert counts(found) == (4, 2, 2)
    assert {sample.defect for sample in found.test} == {"good", "set/not/good"}


def test_the_deeper_place_counts(root):
    trees.pictures(root / "good/scratched", 2)
    trees.pictures(root / "good/monday", 1)
    assert counts(read(root, anomalous="good/scratched", masks=False)) == (5, 2, 2)


def test_a_part_of_a_name_as_the_kind_of_defect(root):
    trees.pictures(root / "test/defect_bent", 2)
    trees.pictures(root / "test/other", 1)
    trees.mask(root / "truth/bent_gt/000.png")
    found = read(root, anomalous="test/defect_{defect}", masks="truth/{defect}_gt")
    assert {sample.defect for sample in found.test if sample.anomalous} == {"bent"}
    assert masks(found, root)["test/defect_bent/000.png"] == ["truth/bent_gt/000.png"]
    assert left(found, root) == {"test/other/000.png": Why.ELSEWHERE}


def test_images_in_folders_inside_their_place(root):
    trees.pictures(root / "good/batch 2/monday", 3)
    for day in ("day1", "day2"):
        trees.picture(root / f"bad/{day}/000.png", 0)
        trees.mask(root / f"truth/{day}/000_label.png")
    found = read(root, masks="truth")
    assert counts(found) == (7, 2, 2)
    assert masks(found, root) == {f"bad/{d}/000.png": [f"truth/{d}/000_label.png"] for d in ("day1", "day2")}


def test_masks_without_the_folders_of_their_images(root):
    trees.picture(root / "bad/day1/000.png", 0)
    trees.mask(root / "truth/000_label.png")
    with pytest.raises(DataError, match=r"truth/000_label.png: this mask fits no .* expected day1/000_label.png or da"):
        read(root, masks="truth")


def test_a_kind_without_masks_beside_kinds_that_have_them(root):
    trees.pictures(root / "test/bent", 1)
    trees.pictures(root / "test/cut", 1)
    trees.mask(root / "truth/bent/000.png")
    trees.mask(root / "truth/bent/001.png")
    found = read(root, anomalous="test/{defect}", masks="truth/{defect}")
    assert masks(found, root) == {"test/bent/000.png": ["truth/bent/000.png"], "test/cut/000.png": []}
    assert left(found, root) == {"truth/bent/001.png": Why.ALONE}


COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Münze") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(("written", "named"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_names_in_another_unicode_form(tmp_path, written, named):
    folder = tmp_path / "set" / written
    trees.pictures(folder / f"train/{written}", 3)
    trees.pictures(folder / "test/good", 1)
    trees.picture(folder / f"test/{written}/{written}.png", 0)
    trees.mask(folder / f"ground_truth/{named}/{named}_{named}.png")
    options = {"train": f"train/{named}", "mask_suffix": f"_{written}"}
    data = settings("folder", tmp_path / "set", folder=options, categories=[named])
    found = read_category(data, *category_names(data))
    assert (found.name, counts(found)) == (COMPOSED, (3, 1, 1))
    assert [len(sample.masks) for sample in found.test if sample.anomalous] == [1]


def test_a_category_of_two_folders_that_differ_in_unicode_form_alone(tmp_path):
    for name in (COMPOSED, DECOMPOSED):
        trees.write_mvtec_like(tmp_path / "set", name)
    with pytest.raises(DataError, match="two folders are called 'Münze', in different Unicode forms; rename one"):
        category_names(settings("mvtec_ad", tmp_path / "set"))


def test_the_fingerprint_does_not_depend_on_the_unicode_form(tmp_path):
    found = set()
    for name in (COMPOSED, DECOMPOSED):
        root = tmp_path / name
        for value, place in enumerate(("train/good", "test/good", f"test/{name}", "test/Mz"), start=1):
            trees.mask(root / f"coin/{place}/{name}.png", value=value)
        found.add(fingerprint(read_category(settings("mvtec_ad", root), "coin")))
    assert len(found) == 1


@pytest.mark.parametrize("space", ["\u202f", "\u3000", "\u00a0"])
def test_spaces_of_any_kind_in_names(root, space):
    trees.picture(root / f"good/Screenshot 10.30{space}PM.png", 0)
    assert counts(read(root)) == (5, 2, 0)
