"""Whether a folder is as its last run left it: every change that tables, figures or the report could show is seen."""

import os

import pytest
from hand_made import ABLATIONS, make_study, plan_of

from ura_study.results import unchanged as module
from ura_study.results.folder import remember
from ura_study.results.unchanged import keep, unchanged

STUDY = make_study(ablations=ABLATIONS)
PLAN = plan_of(STUDY)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "results/example"
    remember(folder, STUDY, PLAN)
    (folder / "details").mkdir()
    for name in ("runs.jsonl", "report.html", "details/one.npz"):
        (folder / name).write_text("1")
    keep(folder, STUDY, PLAN)
    return folder


def test_what_was_not_kept_is_not_unchanged(tmp_path):
    assert not unchanged(tmp_path, STUDY, PLAN)


def test_a_folder_left_alone_is_unchanged_also_where_the_next_session_has_begun(folder):
    assert unchanged(folder, STUDY, PLAN)
    remember(folder, STUDY, PLAN)
    (folder / ".lock").touch()
    assert unchanged(folder, STUDY, PLAN)


@pytest.mark.parametrize("name", ["runs.jsonl", "report.html", "details/one.npz"])
def test_a_file_that_is_longer_rewritten_or_gone_is_a_change(folder, name):
    path = folder / name
    path.write_text("12")
    assert not unchanged(folder, STUDY, PLAN)
    keep(folder, STUDY, PLAN)
    os.utime(path, ns=(0, 0))
    assert not unchanged(folder, STUDY, PLAN)
    keep(folder, STUDY, PLAN)
    path.unlink()
    assert not unchanged(folder, STUDY, PLAN)


def test_a_new_file_another_study_and_other_data_are_changes(folder):
    assert not unchanged(folder, make_study(ablations=ABLATIONS, report={"digits": 2}), PLAN)
    assert not unchanged(folder, STUDY, plan_of(STUDY, "bolt"))
    (folder / "latency.jsonl").touch()
    assert not unchanged(folder, STUDY, PLAN)


def test_numbers_from_the_literature_are_compared_by_content(folder, tmp_path):
    paper = tmp_path / "paper.yaml"
    paper.write_text("rows: []")
    study = make_study(ablations=ABLATIONS, report={"reported": str(paper)})
    keep(folder, study, PLAN)
    assert unchanged(folder, study, PLAN)
    paper.write_text("rows: {}")
    assert not unchanged(folder, study, PLAN)


def test_another_library_or_program_is_a_change(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "version", lambda name: "0")
    assert not unchanged(folder, STUDY, PLAN)
    monkeypatch.undo()
    (tmp_path / "__init__.py").touch()
    monkeypatch.setattr(module.ura_study, "__file__", str(tmp_path / "__init__.py"))
    assert not unchanged(folder, STUDY, PLAN)


def test_a_search_never_counts_as_unchanged(folder):
    search = {"space": {"training.lr": {"float": [0.001, 0.01]}}, "trials": 3}
    study = make_study(ablations=ABLATIONS, data={"validation": 0.2}, search=search)
    keep(folder, study, PLAN)
    assert not unchanged(folder, study, PLAN)
