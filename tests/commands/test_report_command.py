"""`ura-study report` on records made by hand, through the command line."""

from __future__ import annotations

import sys

import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of

from ura_study import cli
from ura_study.results.folder import remember
from ura_study.runs import store
from ura_study.study.survey import survey

STUDY = make_study(study="one", ablations=ABLATIONS)
PLAN = plan_of(STUDY, "nut", "bolt")


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results/one"
    remember(folder, STUDY, PLAN)
    store.append(folder, done(job_of(STUDY, PLAN, "full")))
    store.append(folder, failed(job_of(STUDY, PLAN, "w/o restoration"), "no disk"))

    def called(*arguments):
        monkeypatch.setattr(sys, "argv", ["ura-study", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        shown = capsys.readouterr()
        return left.value.code, shown.out, shown.err

    return called


def test_by_name_folder_and_file(call, tmp_path):
    assert call("report", "one") == (0, "results/one/report.html\n", "")
    source = (tmp_path / "results/one/report.html").read_text()
    assert "Unfinished: 1 of 6 runs are done, 1 failed, 4 left." in source
    assert "ResourceError: no disk" in source
    (tmp_path / "mine.yaml").write_text((tmp_path / "results/one/study.yaml").read_text())
    for study in ("results/one", "results/one/study.yaml", "mine.yaml"):
        assert call("report", study, "-o", "deep/other.html") == (0, "deep/other.html\n", "")
        assert (tmp_path / "deep/other.html").read_text() == source


def test_a_changed_file_counts_as_it_is_now(call, tmp_path):
    text = (tmp_path / "results/one/study.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("  - image_auroc\n", ""))
    assert call("report", "mine.yaml", "-o", "r.html")[0] == 0
    assert "Image AUROC" not in (tmp_path / "r.html").read_text()


def test_a_search_that_has_not_begun_is_unfinished(call, tmp_path):
    search = {"space": {"training.lr": {"float": [1e-4, 1e-2]}}, "trials": 5}
    study = make_study(study="sought", data={"validation": 0.2}, search=search)
    remember(tmp_path / "results/sought", study, plan_of(study))
    assert call("report", "sought") == (0, "results/sought/report.html\n", "")
    assert "Search: 0 of 5 trials" in (tmp_path / "results/sought/report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["onne"], "results: holds no study 'onne'; did you mean 'one'?"),
        (["results"], "results: holds no results of a study"),
        (["one", "-o", "results/one/runs.jsonl/r.html"], "runs.jsonl/r.html: expected a folder, but it is a file"),
    ],
)
def test_a_wrong_call_is_one_line(call, arguments, line):
    code, out, err = call("report", *arguments)
    assert (code, out) == (2, "")
    assert line in err
    assert err.count("\n") == 1


@pytest.fixture
def whole(tmp_path, mvtec_root, call):
    """A study whose runs are all recorded, so that `run` has nothing to do but to report."""
    data = {"layout": "mvtec_ad", "root": str(mvtec_root), "image_size": 64}
    study = make_study(study="whole", data=data, ablations=ABLATIONS)
    plan = survey(study)
    remember(tmp_path / "results/whole", study, plan)
    for cell in plan.cells:
        store.append(tmp_path / "results/whole", done(job_of(study, plan, *cell)))
    return tmp_path / "results/whole"


def test_a_run_ends_with_the_report(call, whole):
    code, out, _ = call("run", "results/whole/study.yaml")
    assert code == 0
    assert f"everything is in {whole}" in out
    assert "Finished: 6 of 6 runs are done." in (whole / "report.html").read_text()


def test_a_second_run_shows_the_same_and_writes_nothing(call, whole):
    def files():
        return {p: p.stat().st_mtime_ns for p in whole.rglob("*") if p.is_file() and not p.name.startswith(".")}

    first, before = call("run", "results/whole/study.yaml"), files()
    assert call("run", "results/whole/study.yaml") == first
    assert {path.name for path, when in files().items() if when != before[path]} == {"study.yaml", "fingerprints.json"}


def test_a_second_run_replaces_what_is_gone(call, whole):
    call("run", "results/whole/study.yaml")
    lost = [whole / "report.html", next((whole / "figures").glob("*.svg")), whole / "per_category.md"]
    content = [(path.read_bytes(), path.unlink())[0] for path in lost]
    call("run", "results/whole/study.yaml")
    assert [path.read_bytes() for path in lost] == content


def test_a_bug_in_the_report_hides_nothing_of_the_result(call, whole, monkeypatch):
    def broken(*_):
        raise KeyError("a bug")

    monkeypatch.setattr("ura_study.report.page.document.write_report", broken)
    code, out, err = call("run", "results/whole/study.yaml")
    assert code == cli.BUG
    assert err.startswith("Traceback")
    assert "w/o restoration" in out
    assert f"everything is in {whole}" in out
    assert (whole / "results.csv").exists()


def test_garbage_is_collected_again_afterwards(call, tmp_path):
    import gc

    assert gc.isenabled()
    call("report", "nowhere", "--results", str(tmp_path))  # it fails
    assert gc.isenabled()
