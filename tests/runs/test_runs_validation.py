"""Validation images are held out of training, and no test image has a part in what is said of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import write_category
from jobs import SETTINGS, small_job
from PIL import Image

from ura_study.data.config import DataSettings
from ura_study.data.fingerprint import file_digest, fingerprint
from ura_study.data.layouts import mvtec_ad
from ura_study.data.protocol import read_for_run
from ura_study.data.validation import split
from ura_study.detectors.uranet.network import URANet
from ura_study.features.backbone import Backbone
from ura_study.features.cached import feature_maps
from ura_study.metrics.calibration import Reliability, ece
from ura_study.metrics.evaluate import evaluate
from ura_study.metrics.names import METRICS, UNCERTAINTY_METRICS, VALIDATION_METRICS
from ura_study.runs import execute
from ura_study.runs.attempt import attempt
from ura_study.runs.record import Record
from ura_study.runs.stages import evaluation, fitting
from ura_study.runs.stages.validation import training_images

CPU = torch.device("cpu")


@pytest.fixture
def root(tmp_path):
    write_category(tmp_path / "data", "nut", train=20)
    return tmp_path / "data"


def job_of(root, share=0.4, **changes):
    return small_job(
        root, data=DataSettings(layout="mvtec_ad", root=str(root), image_size=64, validation=share), **changes
    )


def record_of(job):
    *_, record = attempt(job)
    assert record.done, record.failure
    return record


def on_validation(record):
    return {name: record.metrics[name] for name in VALIDATION_METRICS}


def test_metrics_and_counts_are_in_the_record(root):
    record = record_of(job_of(root))
    assert tuple(record.metrics) == METRICS + UNCERTAINTY_METRICS + VALIDATION_METRICS
    undefined = {name for name, value in record.metrics.items() if value is None}
    inside = {f"{kind}_inside" for kind in ("uncertainty", "epistemic")}  # on 8 × 8 tokens all is border
    assert undefined == set(record.undefined) == inside | {f"val_{name}" for name in inside}
    assert all(0 <= value <= 1 for value in record.metrics.values() if value is not None)
    counts = {"train": 12, "validation_normal": 4, "validation_anomalous": 4, "test_normal": 3, "test_anomalous": 3}
    assert record.data | counts | {"validation": 0.4} == record.data
    assert record.timings["validation_seconds"] > 0
    assert on_validation(record_of(job_of(root))) == on_validation(record)


def test_the_threshold_is_that_of_the_held_out_normal_images(root, monkeypatch):
    seen = []

    def judged(labels, scores, *rest, held_out, rule, **options):
        seen.append((labels, scores, held_out))
        return evaluate(labels, scores, *rest, held_out=held_out, rule=rule, **options)

    monkeypatch.setattr(evaluation, "evaluate", judged)
    record = record_of(job_of(root))
    (_, validation, none), (labels, test, normal) = seen
    assert none is None
    np.testing.assert_array_equal(normal, validation[:4])
    called = test > normal.mean(dtype=float) + 3 * normal.std(ddof=1, dtype=float)
    assert record.metrics["image_fpr_at_threshold"] == pytest.approx(called[~labels].mean())
    assert record.metrics["image_recall_at_threshold"] == pytest.approx(called[labels].mean())


def test_off_means_that_all_are_trained_on(root, cache):
    record = record_of(job_of(root, 0.0))
    assert not any(name.startswith("val_") for name in record.metrics)
    assert record.data["train"] == 20
    assert "validation_normal" not in record.data
    assert "validation_seconds" not in record.timings
    assert not (cache / "synthetic").exists()


def test_only_the_rest_is_trained_on(root, monkeypatch):
    seen = []

    def spied(detector, train, *rest):
        seen.append(train.batch(slice(None)).features)
        return descend(detector, train, *rest)

    def calibrated(detector, train, *rest):
        seen.append(train.batch(slice(None)).features)
        return score_images(detector, train, *rest)

    descend, score_images = fitting.descend, execute.score_images
    monkeypatch.setattr(fitting, "descend", spied)
    monkeypatch.setattr(execute, "score_images", calibrated)
    job = job_of(root)
    record_of(job)
    samples = mvtec_ad.read(root, "nut").train
    parts = split(samples, 0.4)
    rest = (
        feature_maps([samples[i] for i in parts.train], job.settings.features, job.data.preprocessing, CPU)
        .batch(slice(None))
        .features
    )
    assert len(seen) == 2
    for maps in seen:
        torch.testing.assert_close(maps, rest, rtol=1e-2, atol=1e-2)


def test_held_out_images_do_not_touch_the_weights(root):
    before = record_of(job_of(root))
    samples = mvtec_ad.read(root, "nut").train
    parts = split(samples, 0.4)
    path, random = samples[parts.altered[-1]].path, np.random.default_rng(0)
    known = file_digest(path)
    while file_digest(path) == known or split(samples, 0.4) != parts:  # until its hash has the same place in the order
        Image.fromarray(random.integers(0, 255, (64, 64), dtype=np.uint8)).save(path)
    after = record_of(job_of(root))
    assert after.losses == before.losses
    assert on_validation(after) != on_validation(before)


def test_a_test_image_changes_nothing(root):
    before = record_of(job_of(root))
    for path in (root / "nut/test").rglob("*.png"):
        Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64), dtype=np.uint8)).save(path)
    after = record_of(job_of(root))
    assert after.data["fingerprint"] != before.data["fingerprint"]
    assert after.metrics["pixel_auroc"] != before.metrics["pixel_auroc"]
    assert on_validation(after) == on_validation(before)


def test_no_test_image_is_read_for_it(root, monkeypatch):
    job = job_of(root)
    category, _ = read_for_run(job.data, job.category, job.seed)
    read, opened = Image.open, []
    monkeypatch.setattr(
        Image, "open", lambda file, *rest: opened.append(Path(getattr(file, "name", file))) or read(file, *rest)
    )
    *_, held = training_images(category, job, CPU)
    assert opened
    assert not [path for path in opened if root / "nut/test" in path.parents]
    assert not [s.path for s in (*held.normal, *held.altered) if root / "nut/test" in s.path.parents]


def test_no_training_image_passes_the_backbone_twice(root, monkeypatch):
    passed, call = [], Backbone.__call__
    monkeypatch.setattr(Backbone, "__call__", lambda self, x: passed.append(len(x)) or call(self, x))
    record_of(job_of(root))
    assert sum(passed) == 20 + 6 + 4
    record_of(job_of(root, seed=1, settings={"model": {"name": "patchcore"}}))
    assert sum(passed) == 20 + 6 + 4
    record_of(job_of(root, 0.5))
    assert sum(passed) == 20 + 6 + 4 + 5


def test_the_same_images_for_every_variant_and_seed(root):
    first, other = record_of(job_of(root)), record_of(job_of(root, seed=1))
    assert first.data == other.data
    assert record_of(job_of(root, settings={"model": {"synthesis": False}})).data == first.data


def test_too_few_images_is_told(root):
    for index in range(5):
        (root / f"nut/train/good/{index:03}.png").unlink()
    job = job_of(root)
    assert job.fingerprint == fingerprint(mvtec_ad.read(root, "nut"))
    *_, record = attempt(job)
    assert (record.failure.kind, record.failure.expected) == ("DataError", True)
    assert "data.validation needs at least 16 different training images, but got 15" in record.failure.message


def test_the_record_holds_the_counts_of_the_reliability_diagram(root):
    record = record_of(job_of(root))
    counts = Reliability.of(record.reliability)
    assert counts.tokens.sum() == 8 * 8 * 8  # images and tokens
    assert 0 < counts.anomalous.sum() < 4 * 8 * 8
    assert record.metrics["val_ece"] == pytest.approx(ece(counts), abs=1e-4)
    assert Record.model_validate_json(record.model_dump_json()).reliability == record.reliability


@pytest.mark.parametrize("model", [{"name": "patchcore"}, {"perception": False, "restoration": {"prototypes": 8}}])
def test_without_probabilities_their_calibration_is_undefined(root, model):
    record = record_of(job_of(root, settings={"model": model}))
    names = {*UNCERTAINTY_METRICS, *(f"val_{name}" for name in UNCERTAINTY_METRICS)}
    assert record.undefined == dict.fromkeys(names, "the detector gives no probabilities")
    assert record.reliability == {}


def test_only_an_oracle_is_told_the_true_masks(root, monkeypatch):
    """Of the test images and of the altered ones alike; everyone else is told nothing."""
    told, score = [], URANet.score

    def watched(self, features, known=None):
        told.append(known)
        return score(self, features, known)

    monkeypatch.setattr(URANet, "score", watched)
    record_of(job_of(root))
    assert told
    assert all(known is None for known in told)
    told.clear()
    gate = {"perception": {"width": 8, "gate": "oracle"}}
    record_of(job_of(root, settings={"model": SETTINGS["model"] | gate}))
    assert [known.flatten(1).any(dim=1).sum().item() for known in told] == [
        3,
        0,
        0,
        4,
    ]  # test, its first image, normal, altered
