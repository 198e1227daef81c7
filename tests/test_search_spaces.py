"""The searches that are shipped are valid, and their spaces hold their baselines."""

from pathlib import Path

import pytest
import yaml

from ura_study.search.space.space import read_space
from ura_study.study.loading import load_study
from ura_study.study.study_file import load_yaml

ROOT = Path(__file__).parent.parent
SEARCHES = sorted(path for path in (ROOT / "studies").glob("*.yaml") if "search" in yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("path", SEARCHES, ids=lambda path: path.name)
def test_the_searches_that_are_shipped_are_valid(path, monkeypatch):
    for name in ("MVTEC_ROOT", "BTAD_ROOT", "OCT2017_ROOT"):
        monkeypatch.setenv(name, "/data/of-it")
    study = load_study(path)
    space = read_space(study.search.space, study.base, str(path))
    assert space.params(study.base)["training.lr"] == study.base.training.lr, "the baseline is not in the space"


def test_every_space_is_searched():
    named = {yaml.safe_load(path.read_text())["search"]["space"] for path in SEARCHES}
    assert {f"../search_spaces/{path.name}" for path in (ROOT / "search_spaces").glob("*.yaml")} == named


def test_the_question_of_the_project_is_covered():
    keys = load_yaml(ROOT / "search_spaces" / "uranet.yaml").keys()
    assert keys >= {
        "model.synthesis.strength",
        "model.perception.mc_samples",
        "model.restoration.depth",
        "model.restoration.width",
        "features.layers",
        "training.lr",
    }
