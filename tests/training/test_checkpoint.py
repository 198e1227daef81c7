import os
import time
from pathlib import Path

import fsspec
import pytest
import torch

from ura_study.errors import ResourceError
from ura_study.training.checkpoint import Checkpoint
from ura_study.training.config import TrainingSettings


def checkpoint(place, every="0s", run="run", training="these weights"):
    return Checkpoint(TrainingSettings(checkpoint=every, checkpoint_to=str(place)), run, training)


STATE = {"steps": 3, "weights": torch.arange(4.0), "losses": [{"total": 0.5}]}


@pytest.fixture(params=["folder", "memory"])
def place(request, tmp_path):
    """A folder, and a storage that is none."""
    yield tmp_path / "new" / "folder" if request.param == "folder" else "memory://checkpoints"
    if request.param == "memory":
        fsspec.filesystem("memory").rm("/checkpoints", recursive=True)


def test_what_was_saved_is_loaded_by_another(place):
    checkpoint(place).save({"steps": 1})
    checkpoint(place).save(STATE)
    found = checkpoint(place).load()
    assert (found["steps"], found["losses"]) == (3, [{"total": 0.5}])
    assert torch.equal(found["weights"], STATE["weights"])


def test_what_is_removed_leaves_nothing(place):
    kept = checkpoint(place)
    kept.save(STATE)
    checkpoint(place, run="another").save(STATE)
    kept.remove()
    assert kept.load() is None
    files, folder = fsspec.core.url_to_fs(str(place))
    assert [path.rpartition("/")[2] for path in files.ls(folder, detail=False)] == ["another.ckpt"]


def test_a_folder_may_be_called_as_a_pattern_is(tmp_path):
    kept = checkpoint(tmp_path / "a[b]*?")
    kept.save(STATE)
    kept.remove()
    assert list((tmp_path / "a[b]*?").iterdir()) == []


def test_what_another_training_or_run_left_is_not_used(tmp_path):
    checkpoint(tmp_path).save(STATE)
    assert checkpoint(tmp_path, training="other weights").load() is None
    assert checkpoint(tmp_path, run="other run").load() is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "not one"])
def test_a_damaged_one_counts_as_none(tmp_path, damage):
    checkpoint(tmp_path).save(STATE)
    file = tmp_path / "run.ckpt"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    new = {"cut": content[:200], "flipped": content, "empty": b"", "not one": b"\xff\xfe no checkpoint"}[damage]
    file.write_bytes(new)
    assert checkpoint(tmp_path).load() is None


def test_it_is_due_after_its_time(tmp_path):
    now_and_then = checkpoint(tmp_path, "0.2s")
    assert not now_and_then.due()
    time.sleep(0.25)
    assert now_and_then.due()
    now_and_then.save(STATE)
    assert not now_and_then.due()


def test_without_checkpoints_nothing_is_written(tmp_path):
    settings = TrainingSettings(checkpoint=False, checkpoint_to=str(tmp_path / "folder"))
    never = Checkpoint(settings, "run", "these weights")
    assert not never.due()
    assert never.load() is None
    never.remove()
    assert not (tmp_path / "folder").exists()


def test_they_are_in_the_cache_folder_by_default(cache):
    Checkpoint(TrainingSettings(checkpoint="0s"), "run", "").save(STATE)
    assert [file.name for file in (cache / "checkpoints").iterdir()] == ["run.ckpt"]


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match=r"^training\.checkpoint_to: .*/file/x: "):
        checkpoint(tmp_path / "file" / "x")
    with pytest.raises(ResourceError, match=r"^training\.checkpoint_to: nothing://x: .*nothing"):
        checkpoint("nothing://x")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_training_goes_on_where_none_can_be_written(tmp_path):
    full = checkpoint(tmp_path)
    (tmp_path / f"run.ckpt.{os.getpid()}").symlink_to("/dev/full")
    full.save(STATE)
    assert "no checkpoint could be written" in full.trouble
    assert "No space left" in full.trouble
    (tmp_path / f"run.ckpt.{os.getpid()}").unlink()
    full.save(STATE)
    assert full.trouble == ""
