"""The example, installed as a package: found by its names, without `plugins:` in the study."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml
from plugged import EXAMPLE, SMALL, write_products

pytestmark = pytest.mark.slow

STUDY = {
    "study": "installed",
    "base": SMALL,
    "ablations": {"swap": {"grid": {"model": [{"synthesis": {"kind": "swap"}, "restoration": {"prototypes": 16}}]}}},
    "report": {"metrics": ["image_auroc", "image_recall_at_5"], "pictures": 0},
}
MODEL = """
from ura_study import AnomalyModel
model = AnomalyModel({settings}, image_size=64).fit("set/lid/ok")
model.save("lid.pt")
print(AnomalyModel.load("lid.pt").settings.model.name)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder into which a copy of the example was installed, so that no file lands in the checkout."""
    place = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, place / "source", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(place / "site"), str(place / "source")], check=True)
    return place / "site"


@pytest.fixture
def called(site, tmp_path):
    """Call a command in `tmp_path` where the example is installed; return exit code and output."""
    data = {"layout": "ok_nok", "root": str(write_products(tmp_path / "set")), "image_size": 64}
    study = STUDY | {"data": data | {"options": {"test_share": 0.3}}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])

    def call(*arguments):
        command = [sys.executable, *arguments]
        environment = os.environ | {"PYTHONPATH": path, "COLUMNS": "160"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True)
        return done.returncode, done.stdout + done.stderr

    return call


def test_a_study_names_what_is_installed(called, tmp_path):
    code, shown = called("-m", "ura_study", "run", "study.yaml")
    assert code == 0, shown
    assert "Recall at 5 % false alarms" in shown
    records = [json.loads(line) for line in (tmp_path / "results/installed/runs.jsonl").read_text().splitlines()]
    assert {record["settings"]["model"]["name"] for record in records} == {"autoencoder", "uranet"}
    for record in records:
        assert record["status"] == "done", record["failure"]
        assert record["metrics"]["image_recall_at_5"] is not None
        assert (record["data"]["train"], record["data"]["test_normal"], record["data"]["test_anomalous"]) == (7, 3, 4)
        wanted = {"ura_study_example.layout", "ura_study_example.metric"}
        own = {"autoencoder": "detector", "uranet": "synthesis"}[record["settings"]["model"]["name"]]
        found = record["provenance"]["plugins"]
        assert found.keys() == wanted | {f"ura_study_example.{own}"}
        (identity,) = set(found.values())
        assert identity.startswith("0.1.0 ")
    code, shown = called("-m", "ura_study", "export", "installed", "--table", "per_category")
    assert code == 0, shown
    assert "Recall at 5 % false alarms" in shown


def test_a_model_names_what_is_installed(called, tmp_path):
    assert called("-c", MODEL.format(settings=SMALL)) == (0, "autoencoder\n")
    code, shown = called("-m", "ura_study", "predict", "lid.pt", "set/lid/nok", "-o", "found")
    assert code == 0, shown
    assert (tmp_path / "found/scores.csv").is_file()


def test_data_is_checked_in_a_layout_that_is_installed(called):
    code, shown = called("-m", "ura_study", "data", "check", "ok_nok", "set")
    assert code == 0, shown
    assert "lid" in shown
    code, shown = called("-m", "ura_study", "data", "list")
    assert code == 0, shown
