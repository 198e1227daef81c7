"""Beginning and continuing searches, and refusing to continue another one."""

from __future__ import annotations

import optuna
import pytest
from simulated import CATEGORIES, SPACE, Laboratory, searching

from ura_study.errors import ConfigError, DataError, ResourceError
from ura_study.search.storage import JOURNAL, existing, mend, open_storage
from ura_study.search.trials import trials


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("search.space", {"space": SPACE | {"training.lr": {"float": [0.001, 0.002]}}}),
        ("search.objective", {"objective": "val_pixel_ap"}),
        ("search.split", {"split": "test", "objective": "image_auroc"}),
        ("seeds", {"seeds": [0, 1]}),
    ],
)
def test_another_search_of_the_same_name_is_not_continued(tmp_path, key, change):
    Laboratory(searching(), tmp_path).work(most=3)
    with pytest.raises(
        ConfigError, match=rf"^{key if key != 'search.split' else 'search.objective'}: is not what the "
    ):
        Laboratory(searching(**change), tmp_path).open()


def test_other_data_are_not_continued(tmp_path, monkeypatch):
    Laboratory(searching(), tmp_path).work(most=3)
    monkeypatch.setitem(CATEGORIES, "nut", "other images")
    with pytest.raises(ConfigError, match=r"^data: is not what the search 'example' was begun with"):
        Laboratory(searching(), tmp_path).open()


def test_more_trials_or_another_sampler_go_on(tmp_path):
    Laboratory(searching(trials=2, seeds=[0]), tmp_path).work()
    lab = Laboratory(searching(trials=4, sampler="random", seeds=[0], pruner="none"), tmp_path)
    lab.work()
    assert len(trials(lab.tried)) == 4


def test_a_variant_to_begin_with_must_be_in_the_space(tmp_path):
    with pytest.raises(ConfigError, match=r"^search.enqueue.1: is not in the search space"):
        Laboratory(searching(enqueue=[{}, {"model.perception.mc_samples": 7}]), tmp_path).open()


def test_a_baseline_outside_the_space_is_not_enqueued(tmp_path):
    lab = Laboratory(searching(space={"model.synthesis.strength": {"float": [2.0, 4.0]}}, trials=1), tmp_path)
    lab.work()
    assert trials(lab.tried)[0].params["model.synthesis.strength"] >= 2.0


def test_wrong_options_are_told_before_anything_runs(tmp_path):
    with pytest.raises(ConfigError, match=r"^search.sampler.n_startup: unknown key"):
        Laboratory(searching(sampler={"name": "tpe", "n_startup": 3}), tmp_path).open()
    with pytest.raises(ConfigError, match=r"^search.pruner: asha compares training curves .* but got 12"):
        Laboratory(searching(pruner="asha"), tmp_path).open()


def test_a_torn_journal_and_a_lock_that_was_left_are_mended(tmp_path):
    lab = Laboratory(searching(), tmp_path)
    lab.work(most=20)
    journal = tmp_path / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code": 5, "worker')
    (tmp_path / f"{JOURNAL}.lock").symlink_to(journal)
    lab.work()
    assert len(trials(lab.tried)) == 6
    assert journal.read_bytes().startswith(whole)


def test_a_damaged_journal_is_one_line(tmp_path):
    Laboratory(searching(), tmp_path).work(most=3)
    journal = tmp_path / JOURNAL
    journal.write_bytes(b"not json\n" + journal.read_bytes())
    with pytest.raises(DataError, match=rf"{JOURNAL}: damaged; it must be Optuna's journal of this search"):
        open_storage(None, tmp_path)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (
            "postgresql://me:secret@127.0.0.1:1/db",
            r"search.storage: postgresql://me:\*\*\*@127.0.0.1:1/db cannot be used",
        ),
        ("sqlite:////no/such/folder/x.db", r"search.storage: sqlite:////no/such/folder/x.db cannot be used"),
        ("nonsense", r"search.storage: nonsense cannot be used"),
    ],
)
def test_a_storage_that_cannot_be_reached_is_one_line(tmp_path, url, reason):
    with pytest.raises(ResourceError, match=reason) as caught:
        open_storage(url, tmp_path)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_that_others_use_is_left_alone(tmp_path):
    url = f"sqlite:///{tmp_path}/optuna.db"
    foreign = optuna.create_study(study_name="example", storage=url)
    foreign.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    with pytest.raises(ConfigError, match="holds an Optuna study 'example' that is not ours"):
        Laboratory(searching(storage=url), tmp_path).open()


def test_a_database_serves_one_folder(tmp_path):
    url = f"sqlite:///{tmp_path}/optuna.db"
    Laboratory(searching(storage=url), tmp_path / "one").work(most=2)
    with pytest.raises(ConfigError, match=r"the search 'example' there belongs to .*/one"):
        Laboratory(searching(storage=url), tmp_path / "two").open()


def test_reading_what_has_not_begun(tmp_path):
    assert existing(None, tmp_path, "example") is None
    mend(tmp_path)
    open_storage(None, tmp_path)
    assert existing(None, tmp_path, "example") is None


def test_a_journal_that_is_removed_while_the_search_goes_on_is_one_line(tmp_path):
    storage = open_storage(None, tmp_path)
    study = optuna.create_study(study_name="s", storage=storage)
    study.enqueue_trial({"x": 1})
    (tmp_path / JOURNAL).unlink()
    said = f"{JOURNAL}: the search's journal was removed while the search went on"
    with pytest.raises(ResourceError, match=said):
        study.ask()
    with pytest.raises(ResourceError, match=said):
        study.enqueue_trial({"x": 2})
    assert not (tmp_path / JOURNAL).exists()  # none that begins in the middle
