"""Whole studies through the real command line and the real Ray, on tiny images."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml
from datasets import write_category
from event_files import points
from processes import worker_of

from ura_study.runs import store

pytestmark = pytest.mark.slow

STEPS = 6
STUDY = {
    "study": "tiny",
    "base": {
        "features": {"map_size": 8},
        "model": {"restoration": {"prototypes": 16, "width": 16, "exclusion": 1}, "perception": {"width": 8}},
        "training": {"steps": STEPS, "reports": 3},
    },
    "seeds": [0, 1],
    "ablations": {"components": {"leave_one_out": ["model.synthesis", "model.perception", "model.restoration"]}},
}
RUNS = 4 * 2 * 2


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("shared-cache")


@pytest.fixture
def place(tmp_path, mvtec_root, monkeypatch, shared_cache):
    """A folder with the study file; features are extracted once for all tests of this file."""
    monkeypatch.setenv("URA_STUDY_CACHE", str(shared_cache))
    monkeypatch.setenv("COLUMNS", "160")
    write_study(tmp_path, mvtec_root)
    return tmp_path


def write_study(place: Path, root: Path, **keys: object) -> None:
    data = {"layout": "mvtec_ad", "root": str(root), "image_size": 64}
    (place / "tiny.yaml").write_text(yaml.safe_dump(STUDY | {"data": data} | keys))


def start(place: Path, results: str = "results", **options: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "ura_study", "run", "tiny.yaml", "--results", results]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, cwd=place, text=True, **pipes, **options)


def run(place: Path, results: str = "results") -> tuple[int, str]:
    process = start(place, results)
    out, _ = process.communicate(timeout=300)
    return process.returncode, out


def lines(place: Path, results: str = "results") -> list[str]:
    path = place / results / "tiny" / store.FILE
    return path.read_text().splitlines() if path.exists() else []


def wait_for(place: Path, records: int, process: subprocess.Popen) -> None:
    while len(lines(place)) < records:
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.02)


def numbers(place: Path, results: str = "results") -> pd.DataFrame:
    """Return what a study measured: everything in `results.csv` but times."""
    table = pd.read_csv(place / results / "tiny" / "results.csv")
    return table[
        [c for c in table if not c.endswith(("_seconds", "_per_image")) and c not in ("finished", "reused_from")]
    ]


def test_a_study_from_images_to_tables_again_and_exported_without_images(place, mvtec_root):
    code, out = run(place)
    assert code == 0, out
    folder = place / "results" / "tiny"
    assert f"{RUNS} of {RUNS} runs (100 %)" in out
    assert re.search(r"w/o perception +│ +\d+\.\d ± \d+\.\d", out)
    table = numbers(place)
    assert len(table) == RUNS
    assert set(table.status) == {"done"}
    assert table.image_auroc.between(0, 1).all()
    assert table.pixel_aupro.between(0, 1).all()
    assert set(table.variant) == {"full", "w/o synthesis", "w/o perception", "w/o restoration"}
    for name in ("study.yaml", "per_category.csv", "per_category.md"):
        assert (folder / name).stat().st_size > 0
    assert sorted(p.name for p in (folder / "tensorboard").iterdir())[:2] == ["full", "w-o perception"]
    curves = points(folder / "tensorboard" / "full")
    assert [step for step, _ in curves["nut/total/seed 0"]] == [2, 4, 6]
    assert curves["mean/image_auroc"] == [(0, round(table[table.variant == "full"].image_auroc.mean(), 6))]
    record = json.loads(lines(place)[0])
    assert record["provenance"]["versions"]["torch"]
    assert record["data"]["train"] == 6

    before = lines(place)
    started = time.monotonic()
    code, again = run(place)
    assert code == 0
    assert lines(place) == before
    assert "0 to run" in again
    assert again[again.index("Image AUROC") :] == out[out.index("Image AUROC") :]
    assert time.monotonic() - started < 20  # Ray alone needs some seconds to start

    shutil.rmtree(mvtec_root)
    command = [sys.executable, "-m", "ura_study", "export", str(folder)]
    exported = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (folder / "per_category.md").read_text() == f"## tiny\n\n{exported}"


def test_killed_and_started_again_is_as_if_undisturbed(place):
    process = start(place)
    wait_for(place, 3, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = lines(place)
    assert 3 <= len(kept) < RUNS
    code, out = run(place)
    assert code == 0, out
    assert lines(place)[: len(kept)] == kept
    ids = [json.loads(line)["run_id"] for line in lines(place)]
    assert len(ids) == len(set(ids)) == RUNS
    code, out = run(place, "undisturbed")
    assert code == 0, out
    pd.testing.assert_frame_equal(numbers(place), numbers(place, "undisturbed"))


def test_a_batch_system_that_asks_for_an_end_gets_it_in_seconds(place):
    """Slurm kills half a minute after SIGTERM: what is recorded must be whole, and the process gone, well before."""
    process = start(place)
    wait_for(place, 1, process)
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, out
    assert time.monotonic() - asked < 15  # 5 on an idle machine
    assert "figures and report are as they were" in out
    assert not (place / "results/tiny/report.html").exists()


def test_an_end_that_rays_processes_are_asked_for_as_well_comes_in_seconds(place):
    """`timeout`, and batch systems, signal all processes of a job: Ray's are gone before they have answered."""
    process = start(place, start_new_session=True)
    wait_for(place, 1, process)
    asked = time.monotonic()
    os.killpg(process.pid, signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, out
    assert time.monotonic() - asked < 40  # 9 on an idle machine, 60 where Ray is waited for
    assert len(lines(place)) >= 1
    code, out = run(place)
    assert code == 0, out
    assert len(lines(place)) == RUNS


def test_interrupt_stops_cleanly_and_says_how_to_go_on(place, mvtec_root):
    write_study(place, mvtec_root, base=STUDY["base"] | {"training": {"steps": 100, "reports": 50}})  # not done at once
    process = start(place)
    wait_for(place, 1, process)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130, out
    assert re.search(r"stopped: \d+ done, 0 failed, \d+ left; the same command continues", out)
    done = len(lines(place))
    assert done < RUNS
    assert all(json.loads(line)["status"] == "done" for line in lines(place))
    assert len(numbers(place)) == done


def test_a_run_that_fails_does_not_end_the_study(place, mvtec_root):
    path = mvtec_root / "nut/test/good/000.png"
    path.write_bytes(path.read_bytes()[:-400])
    write_study(place, mvtec_root, ablations={}, seeds=[0])
    code, out = run(place)
    assert code == 1, out
    assert re.search(r"full +│ +\d+\.\d +│ +1 failed +│ +1 failed", out)
    assert f"failed: full · nut · seed 0: DataError: {path}: cannot be read as an image" in out
    assert "Traceback" not in out
    table = numbers(place)
    assert list(table.status) == ["done", "failed"]
    assert "000.png" in table.failure[1]


def test_the_run_of_a_killed_worker_is_tried_again(place):
    process = start(place)
    wait_for(place, 1, process)
    os.kill(worker_of(process.pid), signal.SIGKILL)
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out
    records = [json.loads(line) for line in lines(place)]
    assert len({record["run_id"] for record in records}) == len(records) == RUNS
    assert {record["status"] for record in records} == {"done"}


@pytest.fixture
def search(place, tmp_path):
    """A study that searches, on two categories with images enough to hold some out."""
    root = tmp_path / "more"
    for seed, name in enumerate(("nut", "bolt")):
        write_category(root, name, train=20, seed=seed)
    space = {"model.perception.mc_samples": {"int": [1, 9]}}
    study = STUDY | {
        "data": {"layout": "mvtec_ad", "root": str(root), "image_size": 64, "validation": 0.4},
        "ablations": {},
        "search": {"space": space, "trials": 6, "sampler": {"name": "tpe", "n_startup_trials": 2}},
    }
    (place / "tiny.yaml").write_text(yaml.safe_dump(study))
    return place


def trials(place: Path) -> pd.DataFrame:
    return pd.read_csv(place / "results" / "tiny" / "search.csv")


def test_a_search_that_is_killed_goes_on_and_loses_nothing(search):
    for records in (3, 7):
        process = start(search)
        wait_for(search, records, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    code, out = run(search)
    assert code == 0, out
    found = trials(search)
    assert len(found) == 6
    assert set(found.state) <= {"complete", "pruned"}
    records = [json.loads(line) for line in lines(search)]
    assert len({record["run_id"] for record in records}) == len(records)
    # samples are drawn in scoring alone: two categories and two seeds are trained once for all trials
    assert len({record["fit_id"] for record in records}) == 4
    assert f"{len(records)} runs, for which 4 detectors were trained" in out
    assert "chosen on validation" in out
    assert "Spearman" in out or "too few different values" in out
    before = lines(search)
    code, out = run(search)
    assert (code, lines(search)) == (0, before), out
    shown = {p.name: points(p) for p in (search / "results" / "tiny" / "tensorboard").iterdir()}
    assert shown.keys() == {"full"} | set(found.variant)
    assert all("mean/image_auroc" in shown[name] for name in ("full", *found.variant[found.state == "complete"]))
    for series in shown.values():
        assert all(len({step for step, _ in curve}) == len(curve) for curve in series.values())
    process = subprocess.run(
        [sys.executable, "-m", "ura_study", "status", "tiny"], cwd=search, capture_output=True, text=True, check=True
    )
    assert "search: 6 of 6 trials" in process.stdout
    report = [sys.executable, "-m", "ura_study", "report", "tiny", "-o", "again.html"]
    subprocess.run(report, cwd=search, check=True)
    assert (search / "again.html").read_text() == (search / "results/tiny/report.html").read_text()
    assert "0 failed, " in process.stdout


def test_an_interrupted_search_is_finished_by_the_same_command(search):
    process = start(search)
    wait_for(search, 1, process)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130, out
    assert "the same command continues" in out
    code, out = run(search)
    assert code == 0, out
    assert len(trials(search)) == 6
