import os
import shutil
from pathlib import Path

import pytest
import yaml
from event_files import images, points, texts
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from hypothesis import given
from hypothesis import strategies as st
from made_up import made_details

from ura_study.errors import ResourceError
from ura_study.metrics.names import METRICS
from ura_study.report.drawing.strips import MAP_SIDE
from ura_study.report.file_names import file_name
from ura_study.runs.details import keep, packed
from ura_study.study.plan import Variant, changed, make_plan
from ura_study.tensorboard.writer import TensorBoardWriter

STUDY = make_study(ablations=ABLATIONS, seeds=[0, 1])
PLAN = plan_of(STUDY)
CURVE = [
    {"step": 40, "losses": {"total": 2.0, "perception": 0.5}, "lr": 0.001},
    {"step": 80, "losses": {"total": 1.0, "perception": 0.25}, "lr": 0.0005},
]


def board_of(folder, study=STUDY, plan=PLAN, records=()):
    return TensorBoardWriter(folder, study, plan, {record.run_id: record for record in records}.get)


def events(folder, variant="full"):
    return points(folder / "tensorboard" / file_name(variant))


def settings(folder, variant="full"):
    (text,) = texts(folder / "tensorboard" / file_name(variant))["settings"]
    return text


def curves(folder, variant="full"):
    return {
        tag: points for tag, points in events(folder, variant).items() if "/final/" not in tag and "mean/" not in tag
    }


def test_curves_and_metrics_can_be_read_back(tmp_path):
    full, without = job_of(STUDY, PLAN, "full"), job_of(STUDY, PLAN, "w/o restoration", seed=1)
    board = board_of(tmp_path)
    board.started(full)
    board.progressed(full, [])
    for interval in CURVE:
        board.progressed(full, [interval])
    board.finished(full, done(full, 0.75, pixel_ap=None))
    board.progressed(without, CURVE)
    board.finished(without, failed(without))
    board.close()
    assert sorted(p.name for p in (tmp_path / "tensorboard").iterdir()) == ["full", "layers=[2, 3]", "w-o restoration"]
    trained = {
        "nut/total/seed 0": [(40, 2.0), (80, 1.0)],
        "nut/perception/seed 0": [(40, 0.5), (80, 0.25)],
        "nut/lr/seed 0": [(40, 0.001), (80, 0.0005)],
    }
    metrics = {f"nut/final/{metric}/seed 0": [(0, 0.75)] for metric in METRICS if metric != "pixel_ap"}
    assert events(tmp_path) == trained | metrics
    assert events(tmp_path, "w/o restoration") == {}


def test_pictures_of_a_run_are_images(tmp_path):
    job = job_of(STUDY, PLAN, "full").model_copy(update={"pictures": True})
    keep(tmp_path, job.run_id, packed(made_details()))
    board = board_of(tmp_path)
    board.finished(job, done(job))
    ((width, height, about),) = images(tmp_path / "tensorboard" / "full")["nut/pictures/seed 0"]
    assert (width, height) == (3 * MAP_SIDE, 6 * MAP_SIDE)
    assert "lowest, miss (scratch, score 2)" in about
    board_of(tmp_path).close()
    assert len(images(tmp_path / "tensorboard" / "full")["nut/pictures/seed 0"]) == 1


@pytest.mark.parametrize("left", [None, made_details(pictures=())])
def test_a_run_without_pictures_has_no_images(tmp_path, left):
    job = job_of(STUDY, PLAN, "full").model_copy(update={"pictures": True})
    if left is not None:
        keep(tmp_path, job.run_id, packed(left))
    board_of(tmp_path).finished(job, done(job))
    assert images(tmp_path / "tensorboard" / "full") == {}


def test_validation_metrics_are_curves_too(tmp_path):
    board, job = board_of(tmp_path), job_of(STUDY, PLAN, "full")
    board.progressed(job, [interval | {"metrics": {"val_ece": 0.5, "val_brier": None}} for interval in CURVE])
    board.finished(job, done(job))
    assert events(tmp_path)["nut/val_ece/seed 0"] == [(40, 0.5), (80, 0.5)]
    assert "nut/val_brier/seed 0" not in events(tmp_path)


def test_means_are_there_once_all_runs_are_done(tmp_path):
    board = board_of(tmp_path)
    for seed, value in enumerate((0.25, 0.75)):
        assert not [tag for tag in events(tmp_path) if tag.startswith("mean/")]
        job = job_of(STUDY, PLAN, "full", seed=seed)
        board.finished(job, done(job, value, pixel_ap=[0.5, None][seed]))
    means = {tag: points for tag, points in events(tmp_path).items() if tag.startswith("mean/")}
    assert means == {f"mean/{metric}": [(0, 0.5)] for metric in ("image_auroc", "pixel_auroc", "pixel_aupro")}


def test_no_means_where_a_run_failed(tmp_path):
    board = board_of(tmp_path)
    for seed, record in enumerate((done, failed)):
        job = job_of(STUDY, PLAN, "full", seed=seed)
        board.finished(job, record(job))
    assert "nut/final/image_auroc/seed 0" in events(tmp_path)
    assert not [tag for tag in events(tmp_path) if tag.startswith("mean/")]


def test_a_run_that_is_cut_off_and_repeated_leaves_one_curve(tmp_path):
    job = job_of(STUDY, PLAN, "full")
    killed = board_of(tmp_path)
    killed.progressed(job, CURVE[:1])  # and no more: the process died
    board = board_of(tmp_path)
    board.progressed(job, CURVE[:1])
    board.dropped(job)
    board.progressed(job, CURVE)
    board.finished(job, done(job))
    board.close()
    assert curves(tmp_path)["nut/total/seed 0"] == [(40, 2.0), (80, 1.0)]


def test_what_is_left_of_variants_that_are_none_any_more_is_removed(tmp_path):
    job = job_of(STUDY, PLAN, "full")
    board = board_of(tmp_path)
    board.progressed(job, CURVE)
    board.finished(job, done(job))
    places = tmp_path / "tensorboard"
    for name in ("gone", "kept"):
        shutil.copytree(places / "full", places / name)
    (places / "kept" / "notes.txt").write_text("mine")
    before = {path.name for path in places.iterdir()} - {"gone"}
    board_of(tmp_path).forget_others()
    assert {path.name for path in places.iterdir()} == before
    assert [path.name for path in (places / "kept").iterdir()] == ["notes.txt"]
    assert curves(tmp_path)["nut/total/seed 0"] == [(40, 2.0), (80, 1.0)]


def test_a_further_session_keeps_curves_and_does_not_repeat_metrics(tmp_path, monkeypatch):
    first, second = (job_of(STUDY, PLAN, "full", seed=seed) for seed in (0, 1))
    for job, before in ((first, []), (second, [done(first, 0.25)])):
        monkeypatch.setattr(os, "getpid", lambda job=job: 1000 + job.seed)
        board = board_of(tmp_path, records=before)
        board.progressed(job, CURVE)
        board.finished(job, done(job, 0.75))
        board.close()
    found = events(tmp_path)
    assert found["nut/total/seed 0"] == found["nut/total/seed 1"] == [(40, 2.0), (80, 1.0)]
    assert found["nut/final/image_auroc/seed 0"] == [(0, 0.25)]
    assert found["mean/image_auroc"] == [(0, 0.5)]


def test_curves_of_other_settings_go(tmp_path):
    job = job_of(STUDY, PLAN, "full")
    board = board_of(tmp_path)
    board.progressed(job, CURVE)
    board.finished(job, done(job))
    edited = make_study(ablations=ABLATIONS, seeds=[0, 1], base={"training": {"steps": 50}})
    board_of(tmp_path, edited, plan_of(edited)).close()
    assert events(tmp_path) == {}
    assert "steps: 50" in settings(tmp_path)


def test_settings_stand_as_yaml(tmp_path):
    board_of(tmp_path)
    fence, *lines, end = settings(tmp_path, "layers=[2, 3]").splitlines()
    assert (fence, end) == ("```yaml", "```")
    resolved = yaml.safe_load("\n".join(lines))
    assert resolved["features"]["layers"] == [2, 3]
    assert resolved["evaluation"] == {"fpr_limit": 0.3, "threshold": {"sigma": 3.0, "quantile": None}}
    assert resolved["data"]["image_size"] == STUDY.data.image_size


def test_variants_that_share_runs_both_show_their_metrics(tmp_path):
    study = make_study(ablations={"same": {"sweep": {"features.layers": [[1, 2, 3], [2]]}}})
    plan = plan_of(study)
    assert plan.cells["full", "nut", 0] == plan.cells["layers=[1, 2, 3]", "nut", 0]
    job = job_of(study, plan, "full")
    board_of(tmp_path, study, plan).finished(job, done(job, 0.75))
    for variant in ("full", "layers=[1, 2, 3]"):
        assert events(tmp_path, variant)["mean/image_auroc"] == [(0, 0.75)]


def test_a_candidate_whose_runs_were_all_found_is_shown_in_the_end(tmp_path):
    name, changes = "search-0000", {"features.layers": [2]}
    more = make_plan(STUDY, PLAN.fingerprints, [Variant(name, changed(STUDY.baseline, changes, ""), changes, "search")])
    records = {}
    board = TensorBoardWriter(tmp_path, STUDY, PLAN, records.get)
    board.extend(more)
    assert events(tmp_path, name) == {}
    for seed in STUDY.seeds:
        record = done(job_of(STUDY, more, name, seed=seed), 0.75)
        records[record.run_id] = record
    board.close()
    assert events(tmp_path, name)["mean/image_auroc"] == [(0, 0.75)]


def test_a_folder_in_the_way_is_the_users_to_mend(tmp_path):
    board, job = board_of(tmp_path), job_of(STUDY, PLAN, "full")
    shutil.rmtree(tmp_path / "tensorboard" / "full")
    (tmp_path / "tensorboard" / "full").touch()
    with pytest.raises(ResourceError, match=f"{tmp_path}/tensorboard: "):
        board.finished(job, done(job))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_the_users_to_mend(tmp_path):
    board, job = board_of(tmp_path), job_of(STUDY, PLAN, "full")
    (results,) = (tmp_path / "tensorboard" / "full").iterdir()
    results.unlink()
    results.symlink_to("/dev/full")
    with pytest.raises(ResourceError, match=f"{tmp_path}/tensorboard: no disk space left"):
        board.finished(job, done(job))


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
    assert file_name(variant) == name


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).map(lambda t: t * 30))
def test_folder_names_fit_into_a_file_system(variant):
    name = file_name(variant)
    assert len(name.encode()) < 255
    assert "/" not in name


def test_long_names_stay_apart():
    one, other = file_name("x" * 300 + "=1"), file_name("x" * 300 + "=2")
    assert one != other
    assert one.startswith("x" * 200 + "… ")
