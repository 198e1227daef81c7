"""`studies/unified.yaml`: one model against a model for each, on the built-in set and, by its comments, on MVTec AD."""

from __future__ import annotations

import pytest
from documents import ROOT, on_mvtec_ad

from ura_study.study.loading import load_study
from ura_study.study.plan import expand

FILE = ROOT / "studies/unified.yaml"


def pairs(study):
    """Return the settings of each detector, by whether one model is for all categories."""
    found = {}
    for variant in expand(study):
        found.setdefault(variant.settings.model.name, {})[variant.settings.data.unified] = variant.settings.own
    return found


def test_each_detector_is_tried_in_both_ways_and_all_else_is_the_same():
    found = pairs(load_study(FILE))
    assert set(found) == {"uranet", "patchcore", "uniad", "onenip"}
    assert all(both[True] == both[False] for both in found.values())


def test_by_its_comments_it_is_that_of_mvtec_ad_at_published_scale(monkeypatch, tmp_path):
    monkeypatch.setenv("MVTEC_ROOT", "/data/mvtec_ad")
    (tmp_path / "unified.yaml").write_text(on_mvtec_ad(FILE.read_text()))
    study, main = load_study(tmp_path / "unified.yaml"), load_study(ROOT / "studies/mvtec_ad.yaml")
    assert study.study == "mvtec_ad_unified"
    assert (study.data, study.base, study.resources) == (main.data, main.base, main.resources)
    settings = [variant.settings for variant in expand(study)]
    assert all(variant.settings in settings for variant in expand(main))
    for name in ("uniad", "onenip"):
        (own,) = {own.model_dump_json(): own for own in pairs(study)[name].values()}.values()
        assert (own.model.width, own.model.depth, own.training.lr, own.training.clip) == (256, 4, 1e-4, 0.1)
        assert (own.training.epochs, own.training.batch_size) == (1000, 64)
        assert own.training.for_images(3629).steps == pytest.approx(57_000, rel=0.01)
