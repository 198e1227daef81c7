import io

import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from rich.console import Console

from ura_study.commands.status import status
from ura_study.errors import ConfigError, ResourceError
from ura_study.results.folder import remember
from ura_study.runs import store
from ura_study.runs.estimate import seconds_left
from ura_study.runs.lock import StudyLock

STUDY = make_study(ablations=ABLATIONS)
PLAN = plan_of(STUDY, "nut", "bolt")


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results" / "example"
    remember(folder, STUDY, PLAN)
    store.append(folder, done(job_of(STUDY, PLAN, "full"), 0.5))
    store.append(folder, done(job_of(STUDY, PLAN, "layers=[2, 3]"), 0.75))
    store.append(folder, done(job_of(STUDY, PLAN, "layers=[2, 3]", "bolt"), 0.25))
    store.append(folder, failed(job_of(STUDY, PLAN, "w/o restoration"), "no disk"))
    return folder.parent


def shown(results, which=None) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    assert status(which, results, console) == 0
    return console.export_text()


def test_counts_best_variants_and_failures(results):
    text = shown(results, "example")
    assert "example: 3 of 6 runs done, 1 failed, 2 left\n" in text
    rows = [line.split("│")[1:4] for line in text.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["layers=[2, 3]", "2/2", "50.0"],
        ["full", "1/2", "50.0"],
    ]
    assert "1 failed: w/o restoration · nut · seed 0: ResourceError: no disk" in text


@pytest.mark.parametrize(
    ("metric", "order"),
    [
        ("image_fpr_at_threshold", [0.05, 0.5, 0.7]),
        ("image_auroc", [0.7, 0.5, 0.05]),
        ("epistemic_inside", [0.5, 0.7, 0.05]),
    ],
)
def test_the_best_are_those_with_the_least_error(tmp_path, metric, order):
    """Of a metric of which neither a large nor a small value is better, variants stand as in the study."""
    data = {"layout": "mvtec_ad", "root": "/x", "validation": 0.2}
    study = make_study(ablations=ABLATIONS, data=data, report={"metrics": [metric], "unit": "fraction"})
    plan, folder = plan_of(study), tmp_path / "results" / "example"
    remember(folder, study, plan)
    for name, value in {"full": 0.5, "layers=[2, 3]": 0.7, "w/o restoration": 0.05}.items():
        store.append(folder, done(job_of(study, plan, name), **{metric: value}))
    rows = [line.split("│")[3].strip() for line in shown(folder.parent, "example").splitlines() if line.startswith("│")]
    assert rows == [f"{value:.3f}" for value in order]


def test_failures_for_one_reason_are_one_line(results, monkeypatch):
    monkeypatch.setattr("ura_study.commands.status.NAMED", 2)
    for cell in (("full", "bolt"), ("w/o restoration", "nut"), ("w/o restoration", "bolt")):
        store.append(results / "example", failed(job_of(STUDY, PLAN, *cell), "no net"))
    (line,) = [line for line in shown(results, "example").splitlines() if "no net" in line]
    assert line.startswith("3 failed: full · bolt · seed 0; w/o restoration · ")
    assert line.rstrip().endswith(" · seed 0; and 1 more: ResourceError: no net")


def test_a_line_for_each_study_and_by_folder_or_file(results):
    assert shown(results).strip() == "example: 3 of 6 runs done, 1 failed, 2 left"
    assert "3 of 6 runs done" in shown(results, str(results / "example"))
    assert "3 of 6 runs done" in shown(results, str(results / "example" / "study.yaml"))


def test_a_study_that_cannot_be_read_hides_no_other(results, capsys):
    remember(results / "broken", STUDY, PLAN)
    (results / "broken" / "fingerprints.json").write_text("{")
    console = Console(width=200, record=True, file=io.StringIO())
    assert status(None, results, console) == 2
    assert console.export_text().strip() == "example: 3 of 6 runs done, 1 failed, 2 left"
    assert capsys.readouterr().err.startswith(f"ura-study: {results}/broken/fingerprints.json: expected a fingerprint")


def test_a_corrupt_line_is_passed_over_and_the_file_stays_as_it_is(results, capsys):
    path = results / "example" / store.FILE
    path.write_bytes(b"\x00garbage\n" + path.read_bytes())
    before = path.read_bytes()
    assert "3 of 6 runs done, 1 failed, 2 left" in shown(results, "example")
    assert "runs.jsonl, line 1: not a record" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_while_it_runs_elsewhere(results):
    with StudyLock(results / "example"):
        assert "2 left, at work: host " in shown(results, "example")
        assert "to go" in shown(results, "example")
    assert "at work" not in shown(results, "example")


def test_no_such_study_is_one_line(results, tmp_path):
    with pytest.raises(ConfigError, match=r"holds no study 'exmple'; did you mean 'example'\?"):
        shown(results, "exmple")
    with pytest.raises(ConfigError, match="holds no results of a study"):
        shown(tmp_path)


def test_a_second_driver_is_told_who_the_first_is(results):
    import os
    import platform

    with (
        StudyLock(results / "example"),
        pytest.raises(ResourceError, match=rf"\(host {platform.node()}, process {os.getpid()}\)$"),
        StudyLock(results / "example"),
    ):
        pass


def test_the_lock_of_a_dead_driver_is_taken_over(results):
    import subprocess
    import sys

    code = f"""
import os, pathlib
from ura_study.runs.lock import StudyLock
with StudyLock(pathlib.Path({str(results / "example")!r})):
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert (results / "example" / ".driver.json").exists()
    assert "at work" not in shown(results, "example")
    with StudyLock(results / "example"):
        pass


def test_time_left_is_the_median_of_like_runs():
    records = [done(job_of(STUDY, PLAN, "full", category)) for category in ("nut", "bolt")]
    slow = records[0].model_copy(update={"timings": {"features_seconds": 900.0, "fit_seconds": 20.0}})
    runs = list(PLAN.runs.values())
    assert seconds_left(runs[:1], []) is None
    assert seconds_left(runs[:2], records) == 16.0  # 6 of training and 2 of scoring each; features are there
    assert seconds_left(runs[:1], [slow, *records]) == 14.0
    shared = records[0].model_copy(update={"fit_shared": True})
    assert seconds_left(runs[:1], [shared]) is None


def test_time_left_tells_memories_of_different_shares_apart():
    shares = [{"name": "patchcore", "coreset": share} for share in (0.01, 0.1)]
    study = make_study(ablations={"share": {"sweep": {"model": shares}}})
    plan = plan_of(study, "nut")
    small, large = (f"model=patchcore(coreset={share})" for share in (0.01, 0.1))
    record = done(job_of(study, plan, small))
    runs = {run.variant: run for run in plan.runs.values()}
    assert seconds_left([runs[small]], [record]) == 8.0
    assert seconds_left([runs[large]], [record]) is None
