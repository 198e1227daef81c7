"""What trainings start from is prepared once for all variants that start from the same."""

from __future__ import annotations

import os
import shutil

import pytest
import torch
from jobs import small_job

from ura_study.detectors.config import DETECTORS
from ura_study.detectors.uranet.network import URANet
from ura_study.runs.attempt import attempt
from ura_study.runs.stages import weights
from ura_study.training.loop import prepare

PARTS = {"perception": {"width": 8}, "restoration": {"prototypes": 16, "width": 16}}
BASE = {"model": PARTS}


@pytest.fixture
def prepared(monkeypatch) -> list[int]:
    """A list that has one entry more after each preparation of URA-Net."""
    done, original = [], URANet.prepare
    monkeypatch.setattr(URANet, "prepare", lambda *arguments: done.append(1) or original(*arguments))
    return done


def record_of(job):
    *_, record = attempt(job)
    assert record.done, record.failure
    return record


def trained(cache, record) -> dict[str, torch.Tensor]:
    return torch.load(cache / "fits" / record.fit_id / weights.WEIGHTS, weights_only=True)


@pytest.mark.parametrize(
    "other",
    [
        {"model": PARTS | {"synthesis": {"strength": 2.0}}},
        {"model": PARTS | {"synthesis": {"edge": 3, "share": 0.5}}},
        {"model": PARTS | {"synthesis": False}},
        {"model": PARTS, "training": {"steps": 7, "reports": 3, "lr": 0.01}},
        {"model": PARTS | {"perception": {"width": 8, "mc_samples": 2}}, "training": {"steps": 7, "reports": 3}},
    ],
    ids=str,
)
def test_variants_that_start_from_the_same_are_prepared_once(mvtec_root, cache, prepared, other):
    first = record_of(small_job(mvtec_root, settings=BASE))
    shared = record_of(small_job(mvtec_root, settings=other))
    assert len(prepared) == 1
    assert shared.fit_id != first.fit_id
    started = trained(cache, shared)
    for kind in ("fits", "preparations"):
        shutil.rmtree(cache / kind)
    own = record_of(small_job(mvtec_root, settings=other))
    assert len(prepared) == 2
    assert own.metrics == shared.metrics
    assert started.keys() == trained(cache, own).keys()
    assert all(torch.equal(started[name], value) for name, value in trained(cache, own).items())


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"category": "bolt"},
        {"threads": 2},
        {"settings": {"model": PARTS | {"perception": False}}},
        {"settings": {"model": PARTS | {"restoration": {"prototypes": 8, "width": 16}}}},
        {"settings": BASE | {"features": {"map_size": 8, "layers": [2, 3]}}},
    ],
    ids=str,
)
def test_all_others_are_prepared_anew(mvtec_root, prepared, other):
    record_of(small_job(mvtec_root, settings=BASE))
    record_of(small_job(mvtec_root, **({"settings": BASE} | other)))
    assert len(prepared) == 2


def test_detectors_that_do_not_ask_for_it_leave_nothing(mvtec_root, cache):
    record_of(small_job(mvtec_root, settings={"model": {"name": "patchcore", "coreset": 0.05}}))
    record_of(small_job(mvtec_root, settings={"model": {"name": "simplenet"}}))
    record_of(small_job(mvtec_root, settings={"model": dict.fromkeys(("synthesis", *PARTS), False)}))
    assert not (cache / "preparations").exists()


def test_the_seconds_of_a_preparation_count_in_all_fits(mvtec_root, cache, monkeypatch):
    def slow(*arguments) -> float:
        prepare(*arguments)
        return 100.0

    monkeypatch.setattr("ura_study.runs.stages.preparation._seconds", slow)
    for strength in (1.0, 2.0):
        model = PARTS | {"synthesis": {"strength": strength}}
        assert 100 < record_of(small_job(mvtec_root, settings={"model": model})).timings["fit_seconds"] < 200


def test_a_damaged_preparation_is_done_again(mvtec_root, cache, prepared):
    first = record_of(small_job(mvtec_root, settings=BASE))
    shutil.rmtree(cache / "fits")
    (entry,) = (p for p in (cache / "preparations").iterdir() if p.is_dir())
    os.truncate(entry / weights.WEIGHTS, 100)
    assert record_of(small_job(mvtec_root, settings=BASE)).metrics == first.metrics
    assert len(prepared) == 2


def test_preparations_are_bounded(mvtec_root, cache, monkeypatch):
    record_of(small_job(mvtec_root, settings=BASE))
    (first,) = (p for p in (cache / "preparations").iterdir() if p.is_dir())
    size = sum(p.stat().st_size for p in first.iterdir())
    monkeypatch.setenv("URA_STUDY_FITS_GB", str(5 * 1.5 * size / weights.GIGABYTE))
    record_of(small_job(mvtec_root, settings=BASE, seed=1))
    (second,) = (p for p in (cache / "preparations").iterdir() if p.is_dir())
    assert second != first


@pytest.mark.parametrize("kind", DETECTORS.names())
def test_keys_for_the_loss_alone_are_keys(kind):
    settings = DETECTORS.get(kind).settings
    assert set(settings.loss_only or ()) <= settings.model_fields.keys()
