"""`ura-study schema`: an independent validator accepts and refuses what the program does."""

import json
from pathlib import Path

import jsonschema
import pytest

from ura_study.study.study_file import load_yaml

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def validator(call):
    code, out, err = call("schema")
    assert (code, err) == (0, "")
    written = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(written)
    return jsonschema.Draft202012Validator(written)


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.yaml")), ids=lambda path: path.name)
def test_the_studies_are_valid(validator, path, monkeypatch):
    for name in ("MVTEC_ROOT", "BTAD_ROOT", "OCT2017_ROOT"):
        monkeypatch.setenv(name, "/data/of-it")
    assert list(validator.iter_errors(load_yaml(path))) == []


@pytest.mark.parametrize(
    ("study", "valid"),
    [
        ({"study": "x"}, True),
        ({}, False),
        ({"study": "x", "seds": [0]}, False),
        ({"study": "x", "base": {"model": {"synthesis": True, "perception": False}}}, True),
        ({"study": "x", "base": {"model": {"synthesis": {"kind": "noise", "strength": 0.5}}}}, True),
        ({"study": "x", "base": {"model": {"synthesis": {"strenght": 0.5}}}}, False),
        ({"study": "x", "base": {"model": {"synthesis": {"strength": 11}}}}, False),
        ({"study": "x", "base": {"model": {"name": "patchcore", "coreset": 0.01}}}, True),
        ({"study": "x", "base": {"model": {"name": "patchcore", "depth": 1}}}, False),
        ({"study": "x", "search": {"space": "s.yaml", "trials": 3, "objective": "val_ece", "sampler": "tpe"}}, True),
        ({"study": "x", "search": {"space": {}, "trials": 3, "pruner": {"name": "asha", "min_resource": 2}}}, True),
        ({"study": "x", "search": {"space": {}, "trials": 3, "objective": [{"metric": "ece", "ovr": 1}]}}, False),
        ({"study": "x", "data": {"depth": 12}}, True),
        ({"study": "x", "data": {"depth": 17}}, False),
        ({"study": "x", "data": {"depth": "fill"}}, False),
    ],
)
def test_what_is_valid(validator, study, valid):
    assert validator.is_valid(study) == valid


def test_keys_say_what_they_are(validator):
    side = validator.schema["$defs"]["FeatureSettings"]["properties"]["map_size"]
    assert side["description"].startswith("Side of the common grid")
    assert (side["minimum"], side["maximum"], side["default"]) == (4, 256, 32)


def test_it_is_written_to_a_file(call, tmp_path):
    code, out, _ = call("schema", "-o", tmp_path / "study.schema.json")
    assert (code, out.strip()) == (0, str(tmp_path / "study.schema.json"))
    assert json.loads((tmp_path / "study.schema.json").read_text())["title"] == "Study"
