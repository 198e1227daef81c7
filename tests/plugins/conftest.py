"""Shared by the tests of plug-ins."""

import pytest
import yaml
from plugged import copied


@pytest.fixture
def study(tmp_path):
    """Write a study file into a folder of its own, with files of the example beside it; return its path."""

    def written(*names, **keys):
        place = tmp_path / "studies"
        listed = [f"plug/{copied(name, place / 'plug')}" for name in names]
        place.mkdir(exist_ok=True)
        raw = {"study": "plugged"} | ({"plugins": listed} if listed else {}) | keys
        (place / "study.yaml").write_text(yaml.safe_dump(raw))
        return place / "study.yaml"

    return written
