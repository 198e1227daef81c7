"""The search spaces that are shipped hold only keys and values that a variant accepts, and the default variant."""

from pathlib import Path

import pytest

from ura_study.config import VariantSettings
from ura_study.search.space import read_space
from ura_study.study_file import load_yaml

SPACES = sorted((Path(__file__).parent.parent / "search_spaces").glob("*.yaml"))


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_it_is_valid_and_holds_the_default_variant(path):
    base = VariantSettings()
    space = read_space(load_yaml(path), base, str(path))
    assert space.changes(space.params(base))["training.lr"] == base.training.lr


def test_the_question_of_the_project_is_covered():
    keys = load_yaml(Path(__file__).parent.parent / "search_spaces" / "uranet.yaml").keys()
    assert keys >= {
        "model.synthesis.strength",
        "model.perception.mc_samples",
        "model.restoration.depth",
        "model.restoration.width",
        "features.layers",
        "training.lr",
    }
