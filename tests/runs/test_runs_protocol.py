"""Runs that train on other images than the data set's training split."""

import pytest
from jobs import small_job

from ura_study.data.config import DataSettings
from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts.mvtec_ad import read
from ura_study.data.protocol import fingerprints
from ura_study.runs.attempt import attempt


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
