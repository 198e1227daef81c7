"""`studies/paper.yaml` has what a paper's experiments need, on the built-in set and, by its comments, on MVTec AD."""

from __future__ import annotations

import pytest
from documents import ROOT, on_mvtec_ad

from ura_study.study.loading import load_study
from ura_study.study.plan import expand

FILE = ROOT / "studies/paper.yaml"


@pytest.fixture
def published(monkeypatch, tmp_path):
    monkeypatch.setenv("MVTEC_ROOT", "/data/mvtec_ad")
    (tmp_path / "paper.yaml").write_text(on_mvtec_ad(FILE.read_text()))
    return load_study(tmp_path / "paper.yaml")


def test_it_has_each_form_of_experiment():
    variants = {variant.ablation: variant for variant in expand(load_study(FILE))}
    assert set(variants) == {None, "patchcore", "components", "strength", "samples", "layers-by-depth"}
    assert variants["patchcore"].settings.model.name == "patchcore"


def test_by_its_comments_it_is_that_of_mvtec_ad_at_published_scale(published):
    assert published.study == "mvtec_ad_paper"
    main, parts = (load_study(ROOT / f"studies/{name}.yaml") for name in ("mvtec_ad", "mvtec_ad_components"))
    assert (published.data, published.base, published.seeds) == (main.data, main.base, main.seeds)
    assert published.resources == main.resources
    settings = [variant.settings for variant in expand(published)]
    assert all(variant.settings in settings for variant in expand(main))
    assert all(variant.settings in settings for variant in expand(parts) if variant.ablation == "components")
