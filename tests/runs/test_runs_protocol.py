"""Runs that train on other images than the data set's training split."""

import pytest
from datasets import write_category
from jobs import small_job

from ura_study.data.config import DataSettings
from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts.mvtec_ad import read
from ura_study.data.pairs import pairs, read_pair
from ura_study.data.protocol import fingerprints
from ura_study.features.backbone import Backbone
from ura_study.runs.attempt import attempt
from ura_study.runs.details import Details
from ura_study.runs.rebuild import rebuilt
from ura_study.runs.stages import fitting, validation
from ura_study.runs.stages.evaluation import as_seen, truth_of

PATCHCORE = {"model": {"name": "patchcore"}}


def record_of(root, name="nut", **options):
    data = DataSettings(layout="mvtec_ad", root=str(root), image_size=64, **options)
    found = fingerprints(data, {n: fingerprint(read(root, n)) for n in (("nut", "bolt") if data.unified else (name,))})
    *_, record = attempt(small_job(root, name, data=data, fingerprint=found[name]))
    assert record.done, record.failure
    return record


@pytest.mark.parametrize("model", [{}, {"name": "patchcore"}])
def test_one_shot_runs(mvtec_root, model):
    data = DataSettings(layout="mvtec_ad", root=str(mvtec_root), image_size=64, shots=1)
    settings = {"model": model} if model else {}
    *_, record = attempt(small_job(mvtec_root, data=data, settings=settings))
    assert record.done, record.failure
    assert record.data | {"train": 1, "test_normal": 3, "test_anomalous": 3, "shots": 1} == record.data


def test_contaminated_training_is_counted(mvtec_root):
    record = record_of(mvtec_root, contamination=0.34)
    assert record.data | {"train": 7, "train_anomalous": 1, "test_normal": 3, "test_anomalous": 2} == record.data


def test_a_unified_model_is_trained_once_and_evaluated_on_each(mvtec_root):
    nut, bolt = (record_of(mvtec_root, name, unified=True) for name in ("nut", "bolt"))
    assert nut.fit_id == bolt.fit_id
    assert (nut.fit_shared, bolt.fit_shared) == (False, True)
    assert nut.data["train"] == bolt.data["train"] == 12
    assert nut.data["test_normal"] == 3
    assert nut.metrics != bolt.metrics
    assert record_of(mvtec_root).fit_id != nut.fit_id


def run(root, name="nut", **changes):
    *_, record = attempt(small_job(root, name, **changes))
    assert record.done, record.failure
    return record


def data_of(root, **options):
    raw = {"layout": "mvtec_ad", "root": str(root), "image_size": 64} | options
    return DataSettings.model_validate(raw)


@pytest.fixture
def large(tmp_path):
    for seed, name in enumerate(("nut", "bolt")):
        write_category(tmp_path / "large", name, train=20, seed=seed)
    return tmp_path / "large"


def test_only_test_images_are_corrupted_and_the_training_is_shared(large):
    held = {"validation": 0.4}
    clean = run(large, data=data_of(large, **held))
    noisy, shifted = (
        run(large, data=data_of(large, corruption={"kind": kind, "severity": 5}, **held))
        for kind in ("gaussian_noise", "shift")
    )
    on_validation = {name: value for name, value in clean.metrics.items() if name.startswith("val_")}
    for record in (noisy, shifted):
        assert (record.fit_id, record.fit_shared, record.losses) == (clean.fit_id, True, clean.losses)
        assert record.metrics | on_validation == record.metrics
    assert noisy.metrics["pixel_auroc"] < clean.metrics["pixel_auroc"] - 0.02
    assert noisy.data["corruption"] == {"kind": "gaussian_noise", "severity": 5}
    assert "corruption" not in clean.data
    assert run(large, data=data_of(large, **held)).metrics == clean.metrics  # its features are not those of the noisy


def test_a_corruption_costs_the_features_of_the_test_images_alone(large, monkeypatch):
    run(large, data=data_of(large))
    passed, call = [], Backbone.__call__
    monkeypatch.setattr(Backbone, "__call__", lambda self, x: passed.append(len(x)) or call(self, x))
    for severity in (1, 2):
        run(large, data=data_of(large, corruption={"kind": "contrast", "severity": severity}))
    assert sum(passed) == 2 * 6


def test_masks_are_judged_where_a_shift_puts_them(large):
    truth = {}
    for kind in ("none", "shift"):
        data = data_of(large, corruption={"kind": kind, "severity": 5}, eval_size=128)
        samples = read(large, "nut").test
        known = truth_of(samples, data)
        truth[kind] = [known.masks, as_seen(samples, data, known)]
    for at_size in (0, 1):
        pairs = [(a, b) for a, b in zip(*(truth[kind][at_size] for kind in truth), strict=True) if a is not None]
        assert len(pairs) == 3
        assert all(0 < (one & other).sum() < one.sum() for one, other in pairs)
        assert all(abs(int(one.sum()) - int(other.sum())) < 0.2 * one.sum() for one, other in pairs)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"shots": 2}, {"train": 2}),
        ({"contamination": 0.34}, {"train": 13, "validation_normal": 4, "test_anomalous": 2}),
        ({"unified": True}, {"train": 24}),
    ],
)
def test_images_are_held_out_under_every_protocol(large, options, expected):
    data = data_of(large, validation=0.4, **options)
    found = fingerprints(data, {name: fingerprint(read(large, name)) for name in ("nut", "bolt")})
    record = run(large, data=data, fingerprint=found["nut"])
    assert record.data | {"validation_normal": 4, "validation_anomalous": 4} | expected == record.data
    assert 0 <= record.metrics["val_image_auroc"] <= 1


def test_a_unified_model_is_validated_on_each_category(large):
    data = data_of(large, validation=0.4, unified=True)
    found = fingerprints(data, {name: fingerprint(read(large, name)) for name in ("nut", "bolt")})
    nut, bolt = (run(large, name, data=data, fingerprint=found[name]) for name in ("nut", "bolt"))
    assert nut.fit_id == bolt.fit_id
    assert nut.metrics["val_pixel_ap"] != bolt.metrics["val_pixel_ap"]


def test_an_anomalous_image_that_was_held_out_passes_for_normal(large, monkeypatch):
    labels = []
    monkeypatch.setattr(
        validation, "truth_of", lambda *given: labels.append(truth_of(*given).labels) or truth_of(*given)
    )
    data = data_of(large, validation=0.5, contamination=0.67)
    records = [run(large, data=data, seed=seed, settings=PATCHCORE) for seed in range(4)]
    held = [record.data.get("validation_contaminated", 0) for record in records]
    assert any(held)
    normal = [record.data["validation_normal"] for record in records]
    assert [count for of_run in labels for count in (~of_run).sum().reshape(1)] == normal
    for record, count in zip(records, held, strict=True):
        assert record.data["validation_normal"] + record.data["validation_anomalous"] == 11
        assert record.data.get("train_anomalous", 0) + count <= 2


def test_a_model_is_tested_on_another_category(large):
    data = data_of(large, categories=["nut"], test={"categories": ["nut", "bolt"]})
    found = {name: fingerprint(read_pair(data, name)) for name in pairs(data)}
    same, other = (run(large, name, data=data, fingerprint=found[name]) for name in found)
    alone = run(large, data=data_of(large))
    assert [same.category, other.category] == ["nut → nut", "nut → bolt"]
    assert same.fit_id == other.fit_id == alone.fit_id
    assert same.metrics == alone.metrics != other.metrics


def test_details_name_the_images_of_the_set_that_is_tested_on(large, tmp_path):
    write_category(tmp_path / "elsewhere", "nut", seed=7)
    data = data_of(large, categories=["nut"], test={"root": str(tmp_path / "elsewhere")})
    job = small_job(large, "nut → nut", data=data, fingerprint=fingerprint(read_pair(data, "nut → nut")))
    details = next(event for event in attempt(job) if isinstance(event, Details))
    assert details.images[0] == "nut/test/good/000.png"


@pytest.mark.parametrize("options", [{"unified": True}, {"shots": 3}])
def test_a_detector_is_rebuilt_from_the_weights_of_its_run(large, options, monkeypatch):
    data = data_of(large, validation=0.4, **options)
    found = fingerprints(data, {name: fingerprint(read(large, name)) for name in ("nut", "bolt")})
    run(large, data=data, fingerprint=found["nut"])
    monkeypatch.setattr(fitting, "descend", None)  # nothing is trained again
    assert rebuilt(small_job(large, data=data, fingerprint=found["nut"])).state_dict()
