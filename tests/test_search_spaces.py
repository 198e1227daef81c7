"""The search spaces that are shipped hold only keys and values that a variant accepts."""

from pathlib import Path

import pytest

from ura_study.config import VariantSettings
from ura_study.plan import changed
from ura_study.study_file import load_yaml

SPACES = sorted((Path(__file__).parent.parent / "search_spaces").glob("*.yaml"))


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_ends_and_choices_are_valid(path):
    for key, domain in load_yaml(path).items():
        (values,) = (domain[kind] for kind in ("float", "int", "choice") if kind in domain)
        for value in values:
            changed(VariantSettings(), {key: value}, str(path))
        if "choice" not in domain:
            assert values[0] < values[1]
