"""`ura-study run` where nothing is left to run: what it reads, prints and writes, without Ray."""

from __future__ import annotations

import os
import subprocess
import sys

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


def shell(command: str, place, **environment: str) -> subprocess.CompletedProcess:
    """Run a line of bash in which `$CALL` is `ura-study`."""
    call = {"CALL": f"{sys.executable} -m ura_study", "COLUMNS": "120"}
    line = ["bash", "-c", f"set -o pipefail; {command}"]
    return subprocess.run(line, cwd=place, env=os.environ | call | environment, capture_output=True)


def test_tables_are_printed_whatever_the_terminal_can_show(recorded, tmp_path):
    ended = shell("$CALL run small.yaml", tmp_path, PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"1 variants ? 2 categories" in ended.stdout
    assert b"Image AUROC" in ended.stdout
    assert (tmp_path / "results/small/report.html").exists()
    exported = shell("$CALL export small --caption Schlüssel --format latex", tmp_path, PYTHONIOENCODING="ascii")
    assert "Schlüssel" in exported.stdout.decode()  # what is exported is a file's content


@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        ("> /dev/full", 4, b"ura-study: output: No space left on device; the command goes on without it\n"),
        (">&- 2>&-", 0, b""),
        ("| true", 0, b"ura-study: nobody reads the output any more; the command goes on without it\n"),
    ],
)
def test_a_study_is_finished_though_nobody_listens(recorded, tmp_path, redirected, code, said):
    ended = shell(f"$CALL run small.yaml {redirected}", tmp_path)
    assert (ended.returncode, ended.stderr) == (code, said)
    assert (tmp_path / "results/small/report.html").exists()
