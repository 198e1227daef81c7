"""A run's detector as a file, and what it says of new images, by the command line."""

import csv

import numpy as np
import pytest
from datasets import write_category
from jobs import SETTINGS
from PIL import Image

from ura_study.cache import replace
from ura_study.opening import open_study
from ura_study.results.folder import remember
from ura_study.runs import store
from ura_study.runs.attempt import attempt
from ura_study.runs.job import Job
from ura_study.study.study_file import dump_yaml


@pytest.fixture
def recorded(tmp_path):
    """A study of one run that is done, `results/small`."""
    root = write_category(tmp_path / "data", "nut").parent
    data = {"layout": "mvtec_ad", "root": str(root), "image_size": 64}
    study = {"study": "small", "data": data, "base": SETTINGS, "seeds": [3]}
    replace(tmp_path / "small.yaml", dump_yaml(study))
    opened, plan = open_study(tmp_path / "small.yaml")
    folder = tmp_path / "results/small"
    remember(folder, opened, plan)
    (run,) = plan.runs.values()
    *_, details, record = attempt(Job.of(opened, run))
    store.append(folder, record)
    return root / "nut", details


def test_the_model_of_a_run_scores_new_images_as_the_run_did(recorded, call, tmp_path):
    nut, details = recorded
    assert call("model", "small", "full", "nut", "-o", "nut.pt")[0] == 0
    code, out, _ = call("predict", "nut.pt", nut / "test/square", "-o", "found")
    assert code == 0
    assert "3 images: found/scores.csv" in out
    with (tmp_path / "found/scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["000.png", "001.png", "002.png"]
    np.testing.assert_allclose([float(row["score"]) for row in rows], details.scores[3:], rtol=1e-4)
    assert Image.open(tmp_path / "found/heat/001.png").size == (64, 64)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ful", "nut"), "no variant 'ful'; did you mean 'full'?"),
        (("full", "nutt"), "no category 'nutt'; did you mean 'nut'?"),
        (("full", "nut", "--seed", 4), "no seed '4'"),
    ],
)
def test_what_there_is_not_is_told(recorded, call, tmp_path, arguments, told):
    code, _, err = call("model", "small", *arguments, "-o", "nut.pt")
    assert (code, told in err) == (2, True)
    assert not (tmp_path / "nut.pt").exists()


def test_images_of_one_stem_keep_their_endings(recorded, call, tmp_path):
    nut, _ = recorded
    call("model", "small", "full", "nut", "-o", "nut.pt")
    Image.open(nut / "test/square/000.png").save(nut / "test/square/000.bmp")
    assert call("predict", "nut.pt", nut / "test/square", "-o", "found")[0] == 0
    assert sorted(p.name for p in (tmp_path / "found/heat").iterdir()) == [
        "000.bmp.png",
        "000.png.png",
        "001.png",
        "002.png",
    ]


def test_a_file_that_is_no_model_is_told(call, tmp_path):
    (tmp_path / "x.pt").write_text("no")
    code, _, err = call("predict", "x.pt", tmp_path, "-o", "found")
    assert (code, "x.pt: cannot be read as a model" in err) == (2, True)
    assert not (tmp_path / "found").exists()
