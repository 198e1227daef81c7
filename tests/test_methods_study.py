"""`studies/methods.yaml`: every method beside URA-Net, and, by its comments, as long as published on MVTec AD."""

from __future__ import annotations

from documents import ROOT, on_mvtec_ad

from ura_study.detectors.config import DETECTORS
from ura_study.study.loading import load_study
from ura_study.study.plan import expand

FILE = ROOT / "studies/methods.yaml"
EPOCHS = {
    "simplenet": 160,
    "pbas": 640,
    "reverse_distillation": 200,
    "mrkd": 200,
    "noise_fusion": 200,
    "uniad": 1000,
    "onenip": 1000,
    "feature_editing": 1000,  # LafitE's, whose form it has
}


def by_model(path):
    return {variant.settings.model.name: variant.settings for variant in expand(load_study(path))}


def test_all_methods_are_in_it_but_that_for_a_few_images():
    assert set(by_model(FILE)) == set(DETECTORS.loaded()) - {"pcsnet"}


def test_by_its_comments_trainings_are_as_long_as_published(monkeypatch, tmp_path):
    monkeypatch.setenv("MVTEC_ROOT", "/data/mvtec_ad")
    (tmp_path / "methods.yaml").write_text(on_mvtec_ad(FILE.read_text()))
    assert load_study(tmp_path / "methods.yaml").study == "mvtec_ad_methods"
    found, short = by_model(tmp_path / "methods.yaml"), by_model(FILE)
    assert {name: own.training.epochs for name, own in found.items() if own.training.epochs} == EPOCHS
    assert all(found[name].features == own.features for name, own in short.items())
