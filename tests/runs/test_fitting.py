"""Weights are trained once for all runs that differ only in what scoring reads."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
import torch
from datasets import write_category
from jobs import small_job

from ura_study.data.config import DataSettings
from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts.mvtec_ad import read
from ura_study.detectors.build import build_detector
from ura_study.detectors.patchcore.config import PatchCoreSettings
from ura_study.detectors.uranet.config import PerceptionSettings, URANetSettings
from ura_study.errors import ConfigError
from ura_study.runs.attempt import attempt
from ura_study.runs.stages import fitting, weights
from ura_study.settings import trained_part
from ura_study.study.config import VariantSettings
from ura_study.training.loop import NonFiniteLoss

SAMPLES = {"model": {"perception": {"mc_samples": 2, "width": 8}, "restoration": {"prototypes": 16, "width": 16}}}
PATCHCORE = {"model": {"name": "patchcore", "coreset": 0.05}}


def record_of(job):
    *_, record = attempt(job)
    assert record.done, record.failure
    return record


def with_samples(count: int, **more: object) -> dict:
    model = SAMPLES["model"] | {"perception": {"mc_samples": count, "width": 8}} | more
    return {"model": model}


def test_what_only_scoring_reads_shares_the_weights(mvtec_root):
    first = record_of(small_job(mvtec_root, settings=with_samples(1)))
    second = record_of(small_job(mvtec_root, settings=with_samples(9, fusion={"perception_weight": 2.0})))
    assert (first.fit_shared, second.fit_shared) == (False, True)
    assert first.fit_id == second.fit_id
    assert second.losses == first.losses
    assert second.timings["fit_seconds"] == first.timings["fit_seconds"] > 0
    assert second.seconds == pytest.approx(
        sum(v for k, v in second.timings.items() if k.endswith("_seconds") and k != "fit_seconds")
    )
    assert second.metrics != first.metrics


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"category": "bolt"},
        {"threads": 2},
        {"settings": with_samples(1) | {"training": {"steps": 7, "reports": 3}}},
        {"settings": with_samples(1, synthesis={"strength": 2.0})},
        {"settings": with_samples(1) | {"features": {"map_size": 8, "layers": [2, 3]}}},
    ],
    ids=str,
)
def test_everything_else_trains_anew(mvtec_root, other):
    record_of(small_job(mvtec_root, settings=with_samples(1)))
    assert not record_of(small_job(mvtec_root, **({"settings": with_samples(1)} | other))).fit_shared


@pytest.mark.parametrize("settings", [SAMPLES, PATCHCORE, {"model": {"restoration": False}}], ids=str)
def test_stored_weights_give_the_numbers_of_fresh_ones(mvtec_root, settings, cache):
    fresh = record_of(small_job(mvtec_root, settings=settings))
    stored = record_of(small_job(mvtec_root, settings=settings))
    assert (fresh.fit_shared, stored.fit_shared) == (False, True)
    assert stored.metrics == fresh.metrics
    assert (stored.parameters, stored.detector_bytes) == (fresh.parameters, fresh.detector_bytes)


def test_the_curve_comes_with_the_weights(mvtec_root):
    *first, left, _ = attempt(small_job(mvtec_root))
    *second, left_again, record = attempt(small_job(mvtec_root))
    assert record.fit_shared
    assert second == first != []
    np.testing.assert_array_equal(left_again.training["total"], left.training["total"])


def test_damaged_weights_are_trained_again(mvtec_root, cache):
    record = record_of(small_job(mvtec_root))
    os.truncate(cache / "fits" / record.fit_id / weights.WEIGHTS, 100)
    assert not record_of(small_job(mvtec_root)).fit_shared


def test_training_that_diverged_or_was_cut_off_leaves_nothing(mvtec_root, cache, monkeypatch):
    def diverge(*arguments):
        yield from ()
        raise NonFiniteLoss("The loss must be finite")

    cut = attempt(small_job(mvtec_root))
    next(cut)
    cut.close()
    monkeypatch.setattr(fitting, "descend", diverge)
    *_, record = attempt(small_job(mvtec_root))
    assert not record.done
    assert not [p for p in (cache / "fits").iterdir() if p.is_dir()]
    assert not list((cache / "checkpoints").iterdir())


def kept_often(**more: object) -> dict:
    return {"settings": {"training": {"steps": 6, "reports": 3, "checkpoint": "0s"}}} | more


def test_a_run_that_is_cut_off_is_continued(mvtec_root, cache):
    """It reports what it reported before, and ends with the weights and the numbers of an undisturbed one."""
    *intervals, _, undisturbed = attempt(small_job(mvtec_root, run_id="a"))
    shutil.rmtree(cache / "fits")
    cut = attempt(small_job(mvtec_root, **kept_often(run_id="b")))
    reported = [next(cut), next(cut)]
    cut.close()
    assert [path.name for path in (cache / "checkpoints").iterdir()] == ["b.ckpt"]
    *again, _, record = attempt(small_job(mvtec_root, **kept_often(run_id="b")))
    assert record.provenance["continued_at"] == 3  # the last step that was kept before the second report
    assert again[0] == reported[0]
    assert [i.losses for i in again] == [i.losses for i in intervals]
    assert record.metrics == undisturbed.metrics
    assert "continued_at" not in undisturbed.provenance
    assert not list((cache / "checkpoints").iterdir())


def test_what_a_run_was_worth_on_the_way_is_known_when_it_is_continued(tmp_path):
    write_category(tmp_path, "nut", train=20)
    data = DataSettings(layout="mvtec_ad", root=str(tmp_path), image_size=64, validation=0.4)
    cut = attempt(small_job(tmp_path, **kept_often(data=data, watch=True)))
    reported = [next(cut), next(cut)]
    cut.close()
    again = list(attempt(small_job(tmp_path, **kept_often(data=data, watch=True))))
    assert again[0] == reported[0]
    assert again[1].metrics == reported[1].metrics != {}


def test_a_checkpoint_is_not_continued_by_other_settings(mvtec_root):
    cut = attempt(small_job(mvtec_root, **kept_often()))
    next(cut), next(cut)
    cut.close()
    other = {"training": {"steps": 6, "reports": 3, "checkpoint": "0s", "lr": 0.01}}
    record = record_of(small_job(mvtec_root, settings=other))
    assert "continued_at" not in record.provenance


def test_a_checkpoint_that_cannot_be_written_is_told_and_harms_nothing(mvtec_root, tmp_path):
    fresh = record_of(small_job(mvtec_root))
    place = tmp_path / "checkpoints"
    (place / f"{'0' * 16}.ckpt.{os.getpid()}").mkdir(parents=True)  # where the file is to be
    training = {"steps": 6, "reports": 3, "checkpoint": "0s", "checkpoint_to": str(place)}
    record = record_of(small_job(mvtec_root, settings={"training": training}, threads=2))
    assert record.metrics == pytest.approx(fresh.metrics, abs=1e-6)
    assert len(record.notes) == 1
    assert str(place) in record.notes[0]


def test_the_weights_of_a_study_are_bounded(mvtec_root, cache, monkeypatch):
    first = record_of(small_job(mvtec_root))
    size = sum(p.stat().st_size for p in (cache / "fits" / first.fit_id).iterdir())
    monkeypatch.setenv("URA_STUDY_FITS_GB", str(2.5 * size / weights.GIGABYTE))
    second, third = (record_of(small_job(mvtec_root, seed=seed)) for seed in (1, 2))
    kept = {p.name for p in (cache / "fits").iterdir() if p.is_dir()}
    assert kept == {second.fit_id, third.fit_id}


def test_not_all_weights_are_looked_at_after_each_fit(mvtec_root, monkeypatch):
    looked = []
    monkeypatch.setattr(weights, "trim", lambda folder, limit: looked.append(folder.name))
    jobs = [small_job(mvtec_root, seed=seed) for seed in range(4)]
    record_of(jobs[0])
    assert looked.count("fits") == 1  # what others left is not known
    record_of(jobs[1])
    assert looked.count("fits") == 1
    monkeypatch.setattr(weights, "SLACK", 0)
    record_of(jobs[2])
    record_of(jobs[3])
    assert looked.count("fits") == 3


def test_a_full_disk_is_told_as_one(tmp_path, train):
    """PyTorch alone would raise a RuntimeError about its file, and the run would look like a bug."""
    detector = build_detector(URANetSettings(), train.channels, train.map_size)
    (tmp_path / weights.WEIGHTS).symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        weights.save(tmp_path, detector, (), 0.0)


def test_a_limit_that_is_no_number_is_one_line(monkeypatch):
    monkeypatch.setenv("URA_STUDY_FITS_GB", "lots")
    with pytest.raises(ConfigError, match="URA_STUDY_FITS_GB: expected a number of gigabytes, but got 'lots'"):
        weights.limit()


def test_trained_part_is_all_but_the_inference_settings():
    settings = VariantSettings()
    assert trained_part(settings.scoring) == {}
    assert set(trained_part(settings.model)["perception"]) == set(PerceptionSettings.model_fields) - {
        "mc_samples",
        "caution",
        "gate",
    }
    assert trained_part(PatchCoreSettings(name="patchcore")).keys() == {
        "name",
        "coreset",
        "selection",
        "projection",
        "standardise",
    }
    left_out = {"checkpoint", "checkpoint_to", "refine"}  # which images are trained on, stands beside the training
    assert trained_part(settings.training) == settings.training.model_dump(exclude=left_out | {"epochs"})
    longer = settings.training.model_copy(update={"epochs": 2})
    assert trained_part(longer) == longer.model_dump(exclude=left_out)


def test_inference_settings_do_not_touch_training(mvtec_root, cache):
    """What `trained_part` leaves out must not change the weights: train twice and compare them."""
    other = {"caution": 3.0, "mc_samples": 7, "width": 8}
    states = []
    for settings in (SAMPLES, {"model": SAMPLES["model"] | {"perception": other, "fusion": {"calibration_images": 2}}}):
        record = record_of(small_job(mvtec_root, settings=settings))
        states.append(torch.load(cache / "fits" / record.fit_id / weights.WEIGHTS, weights_only=True))
        shutil.rmtree(cache / "fits")
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_watching_does_not_change_the_weights(mvtec_root, cache):
    write_category(mvtec_root, "many", train=20)
    data = DataSettings(layout="mvtec_ad", root=str(mvtec_root), image_size=64, validation=0.4)
    fields = {"category": "many", "data": data, "fingerprint": fingerprint(read(mvtec_root, "many"))}
    *unwatched, _, plain = attempt(small_job(mvtec_root, **fields))
    shutil.rmtree(cache / "fits")
    *watched, _, record = attempt(small_job(mvtec_root, **fields, watch=True))
    assert record.done, record.failure
    assert all(interval.metrics == {} for interval in unwatched)
    assert [interval.losses for interval in watched] == [interval.losses for interval in unwatched]
    assert record.metrics == plain.metrics
    last = {name: value for name, value in record.metrics.items() if name.startswith("val_")}
    assert watched[-1].metrics == last
    assert watched[0].metrics != last


def test_a_shared_curve_says_nothing_of_other_scoring_settings(mvtec_root):
    write_category(mvtec_root, "many", train=20)
    data = DataSettings(layout="mvtec_ad", root=str(mvtec_root), image_size=64, validation=0.4)
    fields = {"category": "many", "data": data, "fingerprint": fingerprint(read(mvtec_root, "many")), "watch": True}
    *first, _, _ = attempt(small_job(mvtec_root, **fields, settings=with_samples(1)))
    *again, _, record = attempt(
        small_job(mvtec_root, **fields, settings=with_samples(9, fusion={"perception_weight": 9.0}))
    )
    assert record.fit_shared
    assert [bool(interval.metrics) for interval in again] == [False, False, True]
    assert again[-1].metrics != first[-1].metrics
    assert again[-1].metrics == {k: v for k, v in record.metrics.items() if k.startswith("val_")}
