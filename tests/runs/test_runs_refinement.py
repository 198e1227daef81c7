"""Runs that remove training images by `training.refine`."""

import numpy as np
import pytest
from jobs import SETTINGS, small_job

from ura_study.data.config import DataSettings
from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts.mvtec_ad import read
from ura_study.errors import ConfigError
from ura_study.model import AnomalyModel
from ura_study.runs.attempt import attempt
from ura_study.runs.rebuild import rebuilt
from ura_study.runs.stages import fitting
from ura_study.study.config import VariantSettings, validated

PATCHCORE = {"model": {"name": "patchcore"}}
REFINED = PATCHCORE | {"training": {"refine": {"share": 0.2, "folds": 2}}}


@pytest.fixture
def contaminated(tmp_path):
    from datasets import write_category

    write_category(tmp_path, "nut", train=18, seed=1)
    return tmp_path


def job_of(root, settings, **changes):
    data = DataSettings(layout="mvtec_ad", root=str(root), image_size=64, contamination=0.67)
    return small_job(root, data=data, fingerprint=fingerprint(read(root, "nut")), settings=settings, **changes)


def record_of(root, settings, **changes):
    *_, record = attempt(job_of(root, settings, **changes))
    assert record.done, record.failure
    return record


def test_contaminating_images_are_removed_and_counted(contaminated):
    plain, cleaned = (record_of(contaminated, settings) for settings in (PATCHCORE, REFINED))
    assert (plain.data["train"], plain.data["train_anomalous"]) == (20, 2)
    assert "removed" not in plain.data
    assert cleaned.data | {"train": 16, "removed": 4, "removed_anomalous": 2} == cleaned.data
    assert "train_anomalous" not in cleaned.data
    assert cleaned.fit_id != plain.fit_id
    assert cleaned.timings["refine_seconds"] > 0


def test_detectors_of_the_folds_are_found_again(contaminated, monkeypatch):
    first = record_of(contaminated, REFINED)
    trained = []
    original = fitting._train
    monkeypatch.setattr(fitting, "_train", lambda *a: trained.append(1) or original(*a))
    again = record_of(contaminated, REFINED)
    assert not trained
    assert again.fit_shared
    assert again.metrics == first.metrics


def test_the_training_is_told_alone(contaminated):
    settings = {"training": SETTINGS["training"] | {"refine": {"folds": 2}}}
    *events, _, record = attempt(job_of(contaminated, settings))
    assert record.done, record.failure
    assert [event.step for event in events] == [0] * 6 + [2, 4, 6]
    assert all(not event.losses for event in events[:6])


def test_a_model_of_a_run_is_that_of_the_images_that_were_kept(contaminated):
    plain, cleaned = (rebuilt(job_of(contaminated, settings)).state_dict() for settings in (PATCHCORE, REFINED))
    assert plain["memory"].shape != cleaned["memory"].shape


def test_too_few_images_are_told(contaminated):
    *_, record = attempt(job_of(contaminated, PATCHCORE | {"training": {"refine": {"folds": 10}}}, seed=1))
    assert record.done
    data = DataSettings(layout="mvtec_ad", root=str(contaminated), image_size=64, shots=2)
    *_, record = attempt(small_job(contaminated, data=data, settings=PATCHCORE | {"training": {"refine": {}}}))
    assert record.failure.message == (
        "category 'nut': training.refine.folds: 3 folds need as many training images that are independent, but there "
        "are 2"
    )


def test_no_oracle_judges():
    with pytest.raises(ConfigError, match=r"training\.refine judges training images"):
        validated(VariantSettings, {"model": {"perception": {"gate": "oracle"}}, "training": {"refine": {}}}, "base")


def test_a_model_without_a_study_is_cleaned_too(contaminated):
    good = sorted((contaminated / "nut/train/good").glob("*.png"))
    odd = sorted((contaminated / "nut/test/square").glob("*.png"))[:2]
    model = AnomalyModel({"features": {"map_size": 8}} | REFINED, image_size=64).fit([*good, *odd])
    assert len(model.removed) == 4
    assert {str(path) for path in odd} <= set(model.removed)
    plain = AnomalyModel({"features": {"map_size": 8}} | PATCHCORE, image_size=64).fit([*good, *odd])
    assert plain.removed == ()
    assert np.all(model.score(odd).scores > plain.score(odd).scores)
