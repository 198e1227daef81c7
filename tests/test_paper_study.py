"""`studies/paper.yaml` has what a paper's experiments need, on the built-in set and, by its comments, on MVTec AD."""

from __future__ import annotations

import itertools
import re

import pytest
from documents import ROOT

from ura_study.study.loading import load_study
from ura_study.study.plan import expand

FILE = ROOT / "studies/paper.yaml"
NUMBER = re.compile(r"(\(\d\))")


def on_mvtec_ad(text):
    """Return the study with the numbered comments in place of the lines of the same numbers."""
    header = [line for line in text.splitlines() if re.match(r"# \(\d\) ", line)]
    by_number = {n: [line[6:] for line in lines] for n, lines in itertools.groupby(header, lambda line: line[2:5])}
    lines = []
    for line in text.splitlines():
        found = None if line.startswith("#") else NUMBER.search(line)
        lines += by_number.pop(found[1]) if found else [line]
    assert not by_number
    return "\n".join(lines)


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
