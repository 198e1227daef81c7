import pytest
from datasets import write_category
from hand_made import make_study, plan_of
from PIL import Image, ImageOps

from ura_study.commands.plan import plan_line
from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts.mvtec_ad import read
from ura_study.errors import ConfigError, DataError
from ura_study.runs.ledger import Ledger
from ura_study.study.plan import joined
from ura_study.study.survey import check_backbones, survey


def study_of(root, **sections):
    return make_study(data={"layout": "mvtec_ad", "root": str(root), "image_size": 64}, **sections)


def test_all_categories_with_their_fingerprints(mvtec_root):
    plan = survey(study_of(mvtec_root))
    assert plan.categories == ("bolt", "nut")
    assert {run.category: run.fingerprint for run in plan.runs.values()} == {
        name: fingerprint(read(mvtec_root, name)) for name in ("bolt", "nut")
    }


def test_categories_in_the_order_of_the_study(mvtec_root):
    data = {"layout": "mvtec_ad", "root": str(mvtec_root), "categories": ["nut", "bolt"]}
    assert survey(make_study(data=data)).categories == ("nut", "bolt")


def test_a_changed_image_changes_the_runs_of_its_category_alone(mvtec_root):
    before = survey(study_of(mvtec_root)).cells
    image = mvtec_root / "nut/train/good/000.png"
    ImageOps.invert(Image.open(image)).save(image)
    after = survey(study_of(mvtec_root)).cells
    assert {cell[1] for cell in before if before[cell] != after[cell]} == {"nut"}


def test_a_broken_image_is_found_before_anything_runs(mvtec_root):
    image = mvtec_root / "nut/test/square/001.png"
    image.write_bytes(b"no image")
    with pytest.raises(DataError, match=str(image)):
        survey(study_of(mvtec_root))


def test_too_few_images_for_validation_are_found_before_anything_runs(mvtec_root):
    data = {"layout": "mvtec_ad", "root": str(mvtec_root), "validation": 0.2}
    with pytest.raises(DataError) as caught:
        survey(make_study(data=data))
    assert str(caught.value) == (
        f"{mvtec_root}/bolt/train/good: data.validation needs at least 16 different training images, but got 6"
    )


def test_images_that_have_no_size_in_common_are_found_before_anything_runs(mvtec_root):
    Image.new("L", (70, 64)).save(mvtec_root / "nut/test/good/001.png")
    with pytest.raises(DataError, match=r"001.png: data.eval_size 'original' needs test images of one size"):
        survey(make_study(data={"layout": "mvtec_ad", "root": str(mvtec_root), "eval_size": "original"}))


def test_more_shots_than_images_are_found_before_anything_runs(mvtec_root):
    with pytest.raises(
        DataError, match=r"bolt/train/good: data.shots is 7, but category 'bolt' has 6 different training"
    ):
        survey(make_study(data={"layout": "mvtec_ad", "root": str(mvtec_root), "shots": 7}))


def test_more_shots_than_images_in_a_variant_are_found_before_anything_runs(mvtec_root):
    ablations = {"shots": {"sweep": {"data.shots": [2, 7]}}}
    with pytest.raises(DataError, match=r"data.shots is 7, but category 'bolt' has 6 different training images$"):
        survey(study_of(mvtec_root, ablations=ablations))


def test_both_sets_are_surveyed(mvtec_root):
    data = {"layout": "mvtec_ad", "root": str(mvtec_root), "categories": ["nut"], "test": {"categories": ["bolt"]}}
    plan = survey(make_study(data=data))
    assert plan.categories == ("nut → bolt",)
    (mvtec_root / "bolt/test/square/001.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"bolt/test/square/001.png"):
        survey(make_study(data=data))


def test_a_split_that_leaves_nothing_to_train_on_is_found_before_anything_runs(mvtec_root):
    for path in sorted((mvtec_root / "nut/train/good").iterdir())[1:]:
        path.unlink()
    with pytest.raises(DataError) as caught:
        survey(make_study(data={"layout": "folder", "root": str(mvtec_root), "folder": {"normal": False}}))
    assert str(caught.value) == (
        f"{mvtec_root}/nut/train/good: setting a share of these images apart for testing leaves none to train on; "
        "expected some that differ and need not stay together (images: 1, different: 1)"
    )


def test_images_that_are_not_read_are_told_with_the_plan(mvtec_root):
    write_category(mvtec_root / "nut/train/bad", "more", bad=0)
    (mvtec_root / "nut/train/good/000.gif").write_bytes(b"GIF89a")
    plan = survey(study_of(mvtec_root))
    assert plan.unread == 10
    line = plan_line(plan, Ledger(mvtec_root / "none"))
    assert "; files beside the images, not read: 10 (ura-study data check)" in line
    assert joined(plan, plan).unread == 10


def test_a_unified_model_depends_on_the_images_of_all_categories(mvtec_root):
    def cells():
        data = {"layout": "mvtec_ad", "root": str(mvtec_root), "image_size": 64, "unified": True}
        return survey(make_study(data=data)).cells

    before, image = cells(), mvtec_root / "nut/train/good/000.png"
    ImageOps.invert(Image.open(image)).save(image)
    after = cells()
    assert {cell[1] for cell in before if before[cell] != after[cell]} == {"bolt", "nut"}


def test_layers_that_do_not_exist():
    with pytest.raises(ConfigError) as caught:
        check_backbones(plan_of(make_study(base={"features": {"layers": [1, 7]}})))
    assert str(caught.value) == "base.features.layers: tf_efficientnet_lite0 has levels 0 to 4, but got 7"
    ablations = {"deep": {"sweep": {"features.layers": [[2], [4, 5]]}}}
    with pytest.raises(ConfigError) as caught:
        check_backbones(plan_of(make_study(ablations=ablations)))
    assert str(caught.value) == "ablations.deep: features.layers: tf_efficientnet_lite0 has levels 0 to 4, but got 5"


def test_layers_that_exist():
    check_backbones(plan_of(make_study(ablations={"deep": {"sweep": {"features.layers": [[0], [4]]}}})))


def test_an_objective_that_needs_masks_needs_them_of_every_anomalous_test_image(mvtec_root):
    (mvtec_root / "nut/ground_truth/square/001_mask.png").unlink()
    search = {"space": {"training.lr": {"float": [0.001, 0.002]}}, "trials": 2, "split": "test"}
    with pytest.raises(
        ConfigError,
        match=r"^search.objective: pixel_ap needs masks, but 1 of 3 anomalous test images of category 'nut' have none$",
    ):
        survey(study_of(mvtec_root, search=search | {"objective": "pixel_ap"}))
    survey(study_of(mvtec_root, search=search | {"objective": "image_auroc"}))
