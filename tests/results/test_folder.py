from pathlib import Path

import pytest
from hand_made import ABLATIONS, make_study, plan_of

from ura_study.errors import ConfigError, DataError, ResourceError
from ura_study.results.folder import FINGERPRINTS, STUDY, find, remember, reopen

SEARCH = {"space": {"training.lr": {"float": [0.001, 0.01]}}, "trials": 3, "storage": "postgresql://me:secret@host/db"}


def test_a_study_is_opened_again_without_its_images(tmp_path):
    study = make_study(ablations=ABLATIONS, seeds=[0, 1])
    plan = plan_of(study, "nut", "Schlüssel")
    remember(tmp_path, study, plan)
    assert reopen(tmp_path) == (study, plan)


def test_no_password_is_written(tmp_path):
    study = make_study(data={"validation": 0.2}, search=SEARCH)
    remember(tmp_path, study, plan_of(study))
    assert "secret" not in (tmp_path / STUDY).read_text()
    assert reopen(tmp_path)[0].search.storage == "postgresql://me:***@host/db"


def test_a_folder_without_a_study_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no results of a study .*; has it been run\?"):
        reopen(tmp_path)


def test_damaged_fingerprints_are_one_line(tmp_path):
    study = make_study()
    remember(tmp_path, study, plan_of(study))
    (tmp_path / FINGERPRINTS).write_text('{"nut": ')
    with pytest.raises(DataError, match=r"fingerprints.json: expected a fingerprint per category"):
        reopen(tmp_path)


def test_a_full_disk_leaves_the_old_file(tmp_path):
    study = make_study(ablations=ABLATIONS)
    remember(tmp_path, study, plan_of(study))
    before = (tmp_path / STUDY).read_text()
    (tmp_path / f".{STUDY}.tmp").symlink_to("/dev/full")
    with pytest.raises(ResourceError) as caught:
        remember(tmp_path, make_study(), plan_of(study))
    assert str(caught.value) == f"{tmp_path / STUDY}: no disk space left"
    assert (tmp_path / STUDY).read_text() == before


def test_a_folder_of_the_same_name_that_is_no_study_does_not_hide_the_results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results"
    (results / "one").mkdir(parents=True)
    (results / "one" / STUDY).write_text("study: one\n")
    (tmp_path / "one").mkdir()
    assert find("one", results) == results / "one"
    (tmp_path / "one" / STUDY).write_text("study: one\n")
    assert find("one", results) == Path("one")
