import errno

import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from hypothesis import given
from hypothesis import strategies as st

from ura_study.errors import ResourceError
from ura_study.metrics.names import METRICS
from ura_study.report.board import Board, folder_name

STUDY = make_study(ablations=ABLATIONS, seeds=[0, 1])
PLAN = plan_of(STUDY)


def events(folder):
    from tensorboard.backend.event_processing.event_accumulator import TENSORS, EventAccumulator
    from tensorboard.util import tensor_util

    reader = EventAccumulator(str(folder), size_guidance={TENSORS: 0})
    reader.Reload()
    return {
        tag: [(e.step, round(float(tensor_util.make_ndarray(e.tensor_proto)), 6)) for e in reader.Tensors(tag)]
        for tag in reader.Tags()["tensors"]
    }


def test_events_can_be_read_back(tmp_path):
    full, without = job_of(STUDY, PLAN, "full"), job_of(STUDY, PLAN, "w/o restoration", seed=1)
    board = Board(tmp_path)
    board.started(full)
    board.progressed(full, [])
    board.progressed(full, [{"step": 40, "losses": {"total": 2.0, "perception": 0.5}, "lr": 0.001}])
    board.progressed(full, [{"step": 80, "losses": {"total": 1.0, "perception": 0.25}, "lr": 0.0005}])
    board.finished(full, done(full, 0.75, pixel_ap=None))
    board.finished(without, failed(without))
    board.close()
    assert sorted(p.name for p in (tmp_path / "tensorboard").iterdir()) == ["full", "w-o restoration"]
    curves = {
        "nut/total/seed 0": [(40, 2.0), (80, 1.0)],
        "nut/perception/seed 0": [(40, 0.5), (80, 0.25)],
        "nut/lr/seed 0": [(40, 0.001), (80, 0.0005)],
    }
    metrics = {f"nut/{metric}/seed 0": [(0, 0.75)] for metric in METRICS if metric != "pixel_ap"}
    assert events(tmp_path / "tensorboard" / "full") == curves | metrics
    assert events(tmp_path / "tensorboard" / "w-o restoration") == {}


def test_a_board_without_runs_leaves_nothing(tmp_path):
    Board(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


class FullDisk:
    """Stands for a writer of TensorBoard's, whose thread raises at the next call what it met."""

    def add_scalar(self, *arguments):
        pass

    def flush(self):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_the_users_to_mend(tmp_path):
    board, job = Board(tmp_path), job_of(STUDY, PLAN, "full")
    board._writers["full"] = FullDisk()
    for tell in (lambda: board.progressed(job, []), lambda: board.finished(job, done(job))):
        with pytest.raises(ResourceError, match=f"{tmp_path}/tensorboard: no disk space left"):
            tell()


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        ("full", "full"),
        ("w/o restoration", "w-o restoration"),
        ("layers=[2, 3]", "layers=[2, 3]"),
        ("a<b>:c", "a-b--c"),
        ("ä" * 100, "ä" * 100),
    ],
)
def test_folder_names(variant, name):
    assert folder_name(variant) == name


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).map(lambda t: t * 30))
def test_folder_names_fit_into_a_file_system(variant):
    name = folder_name(variant)
    assert len(name.encode()) < 255
    assert "/" not in name


def test_long_names_stay_apart():
    one, other = folder_name("x" * 300 + "=1"), folder_name("x" * 300 + "=2")
    assert one != other
    assert one.startswith("x" * 200 + "… ")
