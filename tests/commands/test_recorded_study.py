"""`ura-study run` where nothing is left to run: what it reads, prints and writes, without Ray."""

from __future__ import annotations

import pytest
import yaml
from hand_made import done, job_of

from ura_study.commands.opening import open_study
from ura_study.report.folder import remember
from ura_study.runs import store


@pytest.fixture
def recorded(tmp_path, mvtec_root):
    """Return the file of a study of two small categories, of which every run is recorded in `results/small`."""
    path = tmp_path / "small.yaml"
    data = {"layout": "mvtec_ad", "root": str(mvtec_root), "image_size": 64}
    keys = {"study": "small", "data": data, "report": {"metrics": ["image_auroc"], "figures": []}}
    path.write_text(yaml.safe_dump(keys))
    study, plan, _ = open_study(path)
    folder = tmp_path / "results" / "small"
    remember(folder, study, plan)
    for cell in plan.cells:
        store.append(folder, done(job_of(study, plan, *cell)))
    return path


def test_a_corrupt_line_is_set_aside_and_the_study_goes_on(call, recorded, tmp_path):
    file = tmp_path / "results/small/runs.jsonl"
    first, second = file.read_text().splitlines(keepends=True)
    file.write_text(f"{first}garbage\n{second}")
    code, out, err = call("run", recorded)
    assert code == 0
    assert "2 recorded; 0 to run" in out
    assert err.startswith(f"ura-study: {file}, line 2: not a record (")
    assert err.endswith("; set aside in runs.damaged.jsonl: what it recorded counts as not done\n")
    assert file.read_text() == first + second
    assert (tmp_path / "results/small/runs.damaged.jsonl").read_text() == "garbage\n"
    assert call("run", recorded)[2] == ""
