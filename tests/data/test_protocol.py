"""Which images a run trains on: k-shot, contaminated and unified."""

import shutil

import pytest
import trees

from ura_study.data.config import DataSettings
from ura_study.data.described import described
from ura_study.data.fingerprint import file_digest, fingerprint
from ura_study.data.layouts.registry import read_category
from ura_study.data.protocol import drawn, fingerprints, read_for_run
from ura_study.errors import DataError


@pytest.fixture
def root(tmp_path):
    trees.write_mvtec_like(tmp_path / "set", "bottle", train=12, bad=10)
    trees.write_mvtec_like(tmp_path / "set", "cable", train=9, bad=5)
    return tmp_path / "set"


def settings(root, **options):
    return DataSettings(layout="mvtec_ad", root=str(root), image_size=32, **options)


def shot(root, shots, seed, name="bottle"):
    """The contents that are trained on."""
    data = settings(root, shots=shots)
    return {file_digest(sample.path) for sample in drawn(read_category(data, name), data, seed).train}


def test_the_usual_protocol_takes_everything(root):
    category = read_category(settings(root), "bottle")
    assert drawn(category, settings(root), 0) is category
    assert read_for_run(settings(root), "bottle", 0) == (category, fingerprint(category))
    assert described(settings(root)) == ""


@pytest.mark.parametrize("shots", [1, 2, 8, 12])
def test_shots_are_different_images_and_the_test_stays(root, shots):
    data = settings(root, shots=shots)
    category = read_category(data, "bottle")
    few = drawn(category, data, 3)
    assert len(few.train) == len({sample.path for sample in few.train}) == shots
    assert set(few.train) <= set(category.train)
    assert few.test == category.test


def test_the_seed_draws_and_more_shots_add(root):
    assert shot(root, 2, 0) == shot(root, 2, 0)
    assert len({frozenset(shot(root, 2, seed)) for seed in range(20)}) > 5
    for seed in range(5):
        assert shot(root, 1, seed) < shot(root, 2, seed) < shot(root, 4, seed)


def test_names_and_copies_play_no_part(root):
    before = shot(root, 4, 1)
    folder = root / "bottle/train/good"
    for index, path in enumerate(sorted(folder.iterdir(), reverse=True)):
        path.rename(folder / f"x{index}.png")
    shutil.copy(folder / "x0.png", folder / "copy.png")
    assert shot(root, 4, 1) == before
    data = settings(root, shots=12)
    assert len(drawn(read_category(data, "bottle"), data, 0).train) == 12


def test_more_shots_than_images(root):
    data = settings(root, shots=13)
    with pytest.raises(DataError) as caught:
        drawn(read_category(data, "bottle"), data, 0)
    assert str(caught.value) == (
        f"{root}/bottle/train/good: data.shots is 13, but category 'bottle' has 12 different training images"
    )


def test_contaminating_images_are_trained_on_and_not_tested_on(root):
    data = settings(root, contamination=0.3)
    category = read_category(data, "bottle")
    dirty = drawn(category, data, 0)
    moved = set(dirty.train) - set(category.train)
    assert len(moved) == 3
    assert all(sample.anomalous for sample in moved)
    assert set(dirty.test) == set(category.test) - moved
    assert [s for s in dirty.test if not s.anomalous] == [s for s in category.test if not s.anomalous]
    assert len({frozenset(drawn(category, data, seed).train) for seed in range(10)}) > 3


def test_copies_of_a_contaminating_image_leave_the_test_too(root):
    defects = root / "bottle/test/scratch"
    for path in sorted(defects.iterdir()):
        shutil.copy(path, defects / f"copy-{path.name}")
    shutil.rmtree(root / "bottle/ground_truth")
    data = settings(root, contamination=0.5)
    dirty = drawn(read_category(data, "bottle"), data, 0)
    trained, tested = ({file_digest(sample.path) for sample in samples} for samples in (dirty.train, dirty.test))
    assert not trained & tested
    assert sum(sample.anomalous for sample in dirty.train) == 10


@pytest.mark.parametrize(("share", "count"), [(0.04, 0), (0.99, 10)])
def test_contamination_leaves_and_takes_at_least_one(root, share, count):
    data = settings(root, contamination=share)
    with pytest.raises(DataError, match=f"category 'bottle': data.contamination {share} moves {count} of 10 different"):
        drawn(read_category(data, "bottle"), data, 0)


def test_unified_trains_on_all_and_tests_on_one(root):
    data = settings(root, unified=True)
    bottle, cable = (read_for_run(data, name, 0) for name in ("bottle", "cable"))
    assert bottle[0].train == cable[0].train
    assert [sample.path.parents[2].name for sample in bottle[0].train] == ["bottle"] * 12 + ["cable"] * 9
    assert bottle[0].test == read_category(data, "bottle").test
    assert cable[0].test == read_category(data, "cable").test


def test_a_unified_model_is_told_the_category_of_each_training_image(root):
    category, _ = read_for_run(settings(root, unified=True), "cable", 0)
    named = {sample.path.parents[2].name: label for sample, label in zip(category.train, category.labels, strict=True)}
    assert named == {name: number for number, name in enumerate(sorted(named))}
    assert len(named) > 1
    assert read_for_run(settings(root), "cable", 0)[0].labels is None


def test_unified_depends_on_every_category(root):
    data = settings(root, unified=True)
    before = {name: read_for_run(data, name, 0)[1] for name in ("bottle", "cable")}
    assert len({*before.values(), *(read_for_run(settings(root), name, 0)[1] for name in before)}) == 4
    trees.picture(root / "cable/train/good/new.png", 1)
    after = {name: read_for_run(data, name, 0)[1] for name in before}
    assert all(before[name] != after[name] for name in before)


def test_the_order_of_categories_plays_no_part_in_a_unified_model(root):
    one, other = (
        read_for_run(settings(root, unified=True, categories=names), "cable", 0)
        for names in (["bottle", "cable"], ["cable", "bottle"])
    )
    assert one == other


def test_shots_are_drawn_from_each_category_of_a_unified_model(root):
    train = read_for_run(settings(root, unified=True, shots=2), "cable", 0)[0].train
    assert [sample.path.parents[2].name for sample in train] == ["bottle"] * 2 + ["cable"] * 2


def test_one_category_is_not_unified(root):
    with pytest.raises(DataError, match=r"data.unified needs at least two categories, but got bottle"):
        fingerprints(settings(root, unified=True), {"bottle": "x"})


def test_shots_cannot_be_drawn_from_contaminated_images(root):
    with pytest.raises(ValueError, match="shots and contamination cannot be combined"):
        settings(root, contamination=0.2, shots=2)


@pytest.fixture
def large(tmp_path):
    trees.write_mvtec_like(tmp_path / "large", "bottle", train=24, bad=10)
    trees.write_mvtec_like(tmp_path / "large", "cable", train=20, bad=5)
    return tmp_path / "large"


def held_out(category):
    """The paths that are trained on, held out as normal, and held out to be altered."""
    parts = category.held
    return [{category.train[i].path for i in part} for part in (parts.train, parts.normal, parts.altered)]


def test_images_are_held_out_before_shots_are_drawn(large):
    data, few = settings(large, validation=0.4), settings(large, validation=0.4, shots=3)
    category = read_category(data, "bottle")
    train, normal, altered = held_out(drawn(category, data, 0))
    for seed in range(5):
        shot, *held = held_out(drawn(category, few, seed))
        assert len(shot) == 3
        assert shot < train
        assert held == [normal, altered]
    assert len({frozenset(held_out(drawn(category, few, seed))[0]) for seed in range(10)}) > 3


def test_more_shots_than_are_left(large):
    data = settings(large, validation=0.4, shots=20)
    with pytest.raises(DataError, match=r"shots is 20, but category 'bottle' has 14 different training images that "):
        drawn(read_category(data, "bottle"), data, 0)


def test_copies_are_no_further_shots_beside_held_out_images(large):
    folder = large / "bottle/train/good"
    for path in sorted(folder.iterdir()):
        shutil.copy(path, folder / f"copy-{path.name}")
    data = settings(large, validation=0.4, shots=14)
    category = drawn(read_category(data, "bottle"), data, 0)
    trained, *held = ({file_digest(path) for path in part} for part in held_out(category))
    assert len(category.held.train) == len(trained) == 14
    assert not trained & set.union(*held)


def test_contaminating_images_may_be_held_out(large):
    data = settings(large, contamination=0.5, validation=0.5)
    category = read_category(data, "bottle")
    defects = {sample.path for sample in category.test if sample.anomalous}
    places = [0, 0, 0]
    for seed in range(10):
        dirty = drawn(category, data, seed)
        for place, part in enumerate(held_out(dirty)):
            places[place] += len(part & defects)
        assert sum(len(part & defects) for part in held_out(dirty)) == 5
        assert not {sample.path for sample in dirty.test} & set.union(*held_out(dirty))
    assert places[0]
    assert places[1] + places[2]


def test_each_category_of_a_unified_model_holds_out_its_own(large):
    alone = {name: read_for_run(settings(large, validation=0.4), name, 0)[0] for name in ("bottle", "cable")}
    both = {name: read_for_run(settings(large, validation=0.4, unified=True), name, 0)[0] for name in alone}
    trained = {name: held_out(category)[0] for name, category in both.items()}
    assert trained["bottle"] == trained["cable"] == held_out(alone["bottle"])[0] | held_out(alone["cable"])[0]
    for name, category in both.items():
        assert held_out(category)[1:] == held_out(alone[name])[1:]
        assert category.train == both["bottle"].train
        named = {
            sample.path.parents[2].name: label for sample, label in zip(category.train, category.labels, strict=True)
        }
        assert named == {"bottle": 0, "cable": 1}


def test_tables_say_the_protocol(root):
    assert described(settings(root, shots=4)).startswith("4-shot: each seed trains on 4 of a category's images")
    assert described(settings(root, contamination=0.1)).startswith("contaminated: 10 % of a category's anomalous")
    assert described(settings(root, unified=True)) == "unified: one model for all categories"
    assert described(settings(root), settings(root, unified=True)) == (
        "some variants are unified, one model for all categories; in others each category has a model of its own"
    )
    random = DataSettings(layout="magnetic_tile", root="/x", magnetic_tile={"split": "random"})
    assert described(random) == "random split: photographs of one tile are trained on and tested on"
