"""Training on one category and testing on another."""

import pytest
import trees

from ura_study.data.config import DataSettings
from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts.registry import read_category
from ura_study.data.pairs import asked, pairs, read_pair
from ura_study.data.protocol import read_for_run
from ura_study.errors import DataError


@pytest.fixture
def root(tmp_path):
    for name in ("bottle", "cable", "tile"):
        trees.write_mvtec_like(tmp_path / "set", name)
    for name in ("bottle", "cable"):
        trees.write_mvtec_like(tmp_path / "other", name, train=5)
    return tmp_path / "set"


def settings(root, test=None, **options):
    return DataSettings.model_validate({"layout": "mvtec_ad", "root": str(root), "test": test} | options)


def test_without_another_set_a_category_is_tested_on_itself(root):
    assert pairs(settings(root)) == {name: (name, name) for name in ("tile", "bottle", "cable")}
    assert read_pair(settings(root), "tile") == read_category(settings(root), "tile")


def test_listed_categories_test_each_training_category(root):
    data = settings(root, {"categories": ["cable", "tile"]}, categories=["bottle", "tile"])
    assert pairs(data) == {
        "bottle → cable": ("bottle", "cable"),
        "bottle → tile": ("bottle", "tile"),
        "tile → cable": ("tile", "cable"),
        "tile → tile": ("tile", "tile"),
    }


@pytest.mark.parametrize(
    ("options", "test"),
    [
        ({"categories": ["tile", "bottle"]}, None),
        ({"categories": ["cable", "bottle"]}, {"root": "other"}),
        ({"categories": ["cable", "bottle"]}, {"categories": ["bottle", "tile"]}),
        ({}, {"categories": ["bottle", "tile"]}),
    ],
)
def test_names_are_known_without_the_images(root, options, test):
    other = {} if test is None or "root" not in test else {"root": str(root.parent / "other")}
    data = settings(root, test and test | other, **options)
    found = tuple(pairs(data))
    gone = settings("/gone", test and test | ({"root": "/gone"} if other else {}), **options)
    assert asked(gone, found) == found


def test_all_are_paired_by_name(root):
    data = settings(root, {"layout": "mvtec_ad", "root": f"{root}/../other"}, categories=["cable", "bottle"])
    assert pairs(data) == {"cable → cable": ("cable", "cable"), "bottle → bottle": ("bottle", "bottle")}


def test_a_name_that_the_other_set_lacks(root):
    with pytest.raises(DataError) as caught:
        pairs(settings(root, {"layout": "mvtec_ad", "root": f"{root}/../other"}))
    assert str(caught.value) == (
        "data.test.categories: no category 'tile' to test that of the same name on (found: bottle, cable); "
        "list those to test on"
    )


def test_a_pair_trains_on_one_and_tests_on_the_other(root):
    data = settings(root, {"categories": ["cable"]}, categories=["bottle"])
    pair = read_pair(data, "bottle → cable")
    assert pair.name == "bottle → cable"
    assert pair.train == read_category(data, "bottle").train
    assert pair.test == read_category(data, "cable").test


def test_the_fingerprint_covers_both_sides(root):
    other = root.parent / "other"
    data = settings(root, {"root": str(other), "categories": ["cable"]}, categories=["bottle"])
    name = "bottle → cable"
    category, before = read_for_run(data, name, 0)
    assert before == fingerprint(category)
    trees.picture(other / "bottle/test/good/new.png", 1)
    trees.picture(other / "cable/train/good/new.png", 2)
    trees.picture(root / "bottle/test/good/new.png", 3)
    assert read_for_run(data, name, 0)[1] == before  # these are neither trained nor tested on
    trees.picture(other / "cable/test/good/new.png", 4)
    tested = read_for_run(data, name, 0)[1]
    trees.picture(root / "bottle/train/good/new.png", 5)
    assert len({before, tested, read_for_run(data, name, 0)[1]}) == 3


def test_the_other_set_is_this_one_unless_another_is_named(root):
    assert settings(root, {"categories": ["tile"]}).test.root == str(root)
    assert settings(root, {"categories": ["tile"]}).test.layout == "mvtec_ad"
    elsewhere = settings(root, {"root": "/x", "categories": ["tile"]}).test
    assert (elsewhere.layout, elsewhere.root) == ("mvtec_ad", "/x")
    assert settings(root, {"layout": "textures"}).test.root is None
    tiles = {"layout": "magnetic_tile", "root": "/x", "magnetic_tile": {"split": "random"}, "test": {"root": "/y"}}
    assert DataSettings.model_validate(tiles).test.magnetic_tile.split == "random"


@pytest.mark.parametrize("other", [{"contamination": 0.1}, {"unified": True}])
def test_what_cannot_be_combined(root, other):
    with pytest.raises(ValueError, match=f"{next(iter(other))} and test cannot be combined"):
        settings(root, {"categories": ["tile"]}, **other)


def test_shots_and_held_out_images_are_those_of_the_training_category(root):
    trees.write_mvtec_like(root, "wood", train=20)
    data = settings(root, {"categories": ["cable"]}, categories=["wood"], shots=4, validation=0.4)
    category, _ = read_for_run(data, "wood → cable", 0)
    assert len(category.held.train) == 4
    assert {sample.path.parents[2].name for sample in category.train} == {"wood"}
    assert {sample.path.parents[2].name for sample in category.test} == {"cable"}
