"""Details of runs: written, read back, damaged, and of a whole run."""

import os

import numpy as np
import pytest
from jobs import small_job

from ura_study.errors import DataError, ResourceError
from ura_study.metrics.error_by_uncertainty import ErrorByUncertainty
from ura_study.metrics.ranking import auroc, rank
from ura_study.runs import details
from ura_study.runs.attempt import attempt
from ura_study.runs.details import Details, Picture, packed, unpacked

RUN = "0" * 16


def made_up(**fields):
    smooth = np.linspace(0, 255, 192).astype(np.uint8)[:, None, None] * np.ones((1, 192, 3), np.uint8)
    maps = {"anomaly": np.ones((64, 64), np.float16), "residual": np.zeros((8, 8), np.float16)}
    some = {
        "images": ("nut/test/good/ä 0.png", "nut/test/hole/1.png"),
        "defects": ("good", "hole"),
        "scores": np.array([0.5, 1.5], np.float32),
        "curves": {"image_roc": np.linspace(0, 1, 101, dtype=np.float32)},
        "training": {"step": np.array([1, 2]), "lr": np.array([0.1, 0.2]), "total": np.array([3.0, 2.0])},
        "errors": ErrorByUncertainty(np.arange(30.0).reshape(3, 10), np.arange(36.0).reshape(3, 12)),
        "pictures": (
            Picture(1, ("highest", "miss"), smooth, np.eye(192, dtype=bool), maps),
            Picture(0, ("false alarm",), smooth[::-1], None, maps),
        ),
    }
    return Details(**some | fields)


def test_what_is_packed_comes_back():
    before = made_up()
    after = unpacked(packed(before))
    assert (after.images, after.defects) == (before.images, before.defects)
    assert after.anomalous.tolist() == [False, True]
    np.testing.assert_array_equal(after.scores, before.scores)
    for section in ("curves", "training"):
        assert {k: v.tolist() for k, v in getattr(after, section).items()} == {
            k: v.tolist() for k, v in getattr(before, section).items()
        }
    np.testing.assert_array_equal(after.errors.total, before.errors.total)
    np.testing.assert_array_equal(after.errors.epistemic, before.errors.epistemic)
    for one, other in zip(after.pictures, before.pictures, strict=True):
        assert (one.index, one.reasons) == (other.index, other.reasons)
        assert np.abs(one.input.astype(int) - other.input).mean() < 2  # it was JPEG in between
        assert (one.mask is None) == (other.mask is None)
        assert one.maps.keys() == other.maps.keys()
    assert after.pictures[0].mask.tolist() == before.pictures[0].mask.tolist()


def test_a_run_with_neither_pictures_nor_training_nor_probabilities():
    after = unpacked(packed(made_up(pictures=(), training={}, errors=None, curves={})))
    assert (after.pictures, after.training, after.errors, after.curves) == ((), {}, None, {})


def test_details_are_kept_in_the_study_and_copied_to_another(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    assert details.read(one, RUN) is None
    details.adopt(one, other, RUN)
    assert details.read(other, RUN) is None
    details.keep(one, RUN, packed(made_up()))
    details.adopt(one, other, RUN)
    assert details.read(other, RUN).images == made_up().images
    assert [path.name for path in (other / "details").iterdir()] == [f"{RUN}.npz"]


@pytest.mark.parametrize("length", [0, 10, 29, 40, 600, 3000])
def test_a_damaged_file_is_named(tmp_path, length):
    details.keep(tmp_path, RUN, packed(made_up()))
    path = tmp_path / "details" / f"{RUN}.npz"
    os.truncate(path, length if length >= 0 else path.stat().st_size + length)
    with pytest.raises(DataError, match=rf"{RUN}.npz: not the details of a run"):
        details.read(tmp_path, RUN)


def test_a_file_with_something_else_is_named(tmp_path):
    (tmp_path / "details").mkdir()
    np.savez(tmp_path / "details" / f"{RUN}.npz", other=np.zeros(3))
    with pytest.raises(DataError, match="not the details of a run"):
        details.read(tmp_path, RUN)


def test_what_cannot_be_written_is_said(tmp_path):
    (tmp_path / "details").write_text("a file")
    with pytest.raises(ResourceError, match="details"):
        details.keep(tmp_path, RUN, b"")


def test_a_run_leaves_details_that_agree_with_its_record(mvtec_root):
    *intervals, left, record = attempt(small_job(mvtec_root, pictures=True))
    left = unpacked(packed(left))
    assert left.images[0] == "nut/test/good/000.png"
    assert len(left.images) == record.data["test_normal"] + record.data["test_anomalous"]
    assert auroc(rank(left.anomalous, left.scores)) == record.metrics["image_auroc"]
    assert left.training["step"].tolist() == [interval.step for interval in intervals]
    assert left.training["total"][-1] == record.losses["total"]
    assert set(left.curves) == {"image_roc", "image_pr", "pixel_roc", "pixel_pr", "pixel_pro"}
    assert left.errors.total[0].sum() == left.errors.epistemic[0].sum() == len(left.images) * 8 * 8
    assert {reason for picture in left.pictures for reason in picture.reasons} >= {"highest", "lowest", "example"}
    assert all(set(p.maps) == {"anomaly", "residual", "probability", "uncertainty"} for p in left.pictures)


def test_pictures_are_kept_only_where_asked_for_and_of_what_there_is(mvtec_root):
    *_, plain, _ = attempt(small_job(mvtec_root))
    assert plain.pictures == ()
    alone = {"model": {"perception": False, "synthesis": False}}
    *_, left, record = attempt(small_job(mvtec_root, settings=alone, pictures=True))
    assert record.done, record.failure
    assert all(set(picture.maps) == {"anomaly", "residual"} for picture in left.pictures)
    assert left.errors is None
    *_, left, _ = attempt(small_job(mvtec_root, settings={"model": {"name": "patchcore"}}, pictures=True))
    assert left.training == {}
    assert all(set(picture.maps) == {"anomaly"} for picture in left.pictures)


def test_pictures_are_left_alone_where_they_are_not_wanted(tmp_path):
    details.keep(tmp_path, RUN, packed(made_up()))
    plain = details.read(tmp_path, RUN, "curves")
    assert plain.pictures == ()
    assert (plain.images, plain.curves.keys()) == (made_up().images, made_up().curves.keys())
    assert len(details.read(tmp_path, RUN).pictures) == 2


def test_scores_are_read_alone(tmp_path):
    details.keep(tmp_path, RUN, packed(made_up()))
    alone = details.read(tmp_path, RUN, "scores")
    assert (alone.images, alone.defects, alone.scores.tolist()) == (made_up().images, made_up().defects, [0.5, 1.5])
    assert (alone.curves, alone.training, alone.errors, alone.pictures) == ({}, {}, None, ())


def test_python_objects_are_not_read(tmp_path):
    (tmp_path / "details").mkdir()
    np.savez(tmp_path / "details" / f"{RUN}.npz", images=np.array([{}], dtype=object))
    with pytest.raises(DataError, match=r"not the details of a run .*OBJECT"):
        details.read(tmp_path, RUN)


def test_errors_by_uncertainty_need_a_mask_of_an_anomalous_image(mvtec_root):
    for mask in (mvtec_root / "nut" / "ground_truth").rglob("*.png"):
        mask.unlink()
    job = small_job(mvtec_root)
    *_, left, record = attempt(job)
    assert record.done, record.failure
    assert left.errors is None
