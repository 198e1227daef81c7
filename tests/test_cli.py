"""What the command line says and returns where nothing needs to be trained."""

from __future__ import annotations

import os
import platform

import pytest
import yaml
from PIL import Image


@pytest.fixture
def study(tmp_path, mvtec_root):
    """Write a study of the two small categories with some keys changed; return its file."""

    def written(**keys):
        base = {"study": "small", "data": {"layout": "mvtec_ad", "root": str(mvtec_root), "image_size": 64}}
        path = tmp_path / "small.yaml"
        path.write_text(yaml.safe_dump(base | keys))
        return path

    return written


def test_version_and_help(call):
    assert call("--version") == (0, "ura-study 0.1.0\n", "")
    code, out, _ = call("--help")
    assert code == 0
    assert all(command in out for command in ("run", "plan"))


def test_plan_shows_variants_and_runs_nothing(call, study, tmp_path):
    code, out, _ = call("plan", study(seeds=[0, 1], ablations={"parts": {"leave_one_out": ["model.synthesis"]}}))
    assert code == 0
    assert "w/o synthesis" in out
    assert "model.synthesis: false" in out
    assert "2 variants × 2 categories × 2 seeds: 8 different runs, 0 recorded; 8 to run" in out
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"sede": [0]}, "{file}: sede: unknown key; did you mean 'seeds'?"),
        ({"seeds": ["a"]}, "{file}: seeds.0: expected a whole number, but got 'a'"),
        (
            {"base": {"model": {"synthesis": {"strengh": 1.0}}}},
            "{file}: base.model.synthesis.strengh: unknown key; did you mean 'strength'?",
        ),
        (
            {"base": {"features": {"backbone": "resnet81"}}},
            "{file}: base.features.backbone: timm has no model 'resnet81'; did you mean 'resnet18'?",
        ),
        (
            {"base": {"features": {"layers": [1, 9]}}},
            "{file}: base.features.layers: tf_efficientnet_lite0 has levels 0 to 4, but got 9",
        ),
        (
            {"ablations": {"a": {"sweep": {"model.synthesis.strenght": [1]}}}},
            "{file}: ablations.a: model.synthesis.strenght: unknown key; did you mean 'strength'?",
        ),
    ],
)
def test_a_wrong_study_is_one_line(call, study, tmp_path, keys, line):
    path = study(**keys)
    for command in ("plan", "run"):
        assert call(command, path) == (2, "", f"ura-study: {line.format(file=path)}\n")
    assert not (tmp_path / "results").exists()


def test_missing_study(call, study):
    study()
    code, _, err = call("run", "smal.yaml")
    assert (code, err) == (2, "ura-study: smal.yaml: no such file; did you mean 'small.yaml'?\n")


def _empty(root):
    for path in (root / "nut/train/good").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("harm", "line"),
    [
        (
            _empty,
            "{root}/nut/train/good: no training image (.png, .jpg, .jpeg, .bmp, .tif, .tiff, .webp, .jp2) of category "
            "'nut'",
        ),
        (
            lambda root: (root / "nut/test/good/001.png").write_text("text"),
            "{root}/nut/test/good/001.png: cannot be read as an image (not an image)",
        ),
        (
            lambda root: Image.new("L", (10, 20)).save(root / "bolt/ground_truth/square/000_mask.png"),
            "{root}/bolt/ground_truth/square/000_mask.png: expected a mask of its image's size 64×64 (square/000.png), "
            "but got 10×20",
        ),
    ],
)
def test_wrong_data_is_one_line(call, study, mvtec_root, harm, line):
    harm(mvtec_root)
    code, _, err = call("run", study())
    assert (code, err) == (2, f"ura-study: {line.format(root=mvtec_root)}\n")


def test_unknown_category(call, study, mvtec_root):
    path = study(data={"layout": "mvtec_ad", "root": str(mvtec_root), "categories": ["nuts"]})
    code, _, err = call("run", path)
    told = f"data.categories: no category 'nuts' in {mvtec_root}; did you mean 'nut'? (found: bolt, nut)"
    assert (code, err) == (2, f"ura-study: {told}\n")


@pytest.mark.parametrize("arguments", [["rnu", "x.yaml"], ["run"], ["run", "x.yaml", "--resluts", "y"]])
def test_wrong_arguments(call, arguments):
    code, _, err = call(*arguments)
    assert code == 2
    assert "Error" in err
    assert "Traceback" not in err


def test_a_bug_shows_its_traceback(call, study, monkeypatch):
    from ura_study import opening

    monkeypatch.setattr(opening, "survey", lambda *_: 1 / 0)
    code, _, err = call("plan", study())
    assert code == 3
    assert "Traceback" in err
    assert "ZeroDivisionError" in err


def test_two_drivers_on_one_study(call, study, tmp_path):
    from ura_study.runs.lock import StudyLock

    folder = tmp_path / "results/small"
    folder.mkdir(parents=True)
    with StudyLock(folder):
        code, _, err = call("run", study())
    who = f"host {platform.node()}, process {os.getpid()}"
    assert (code, err) == (2, f"ura-study: {folder}: another `ura-study run` is at work on this study ({who})\n")


def test_results_folder_that_cannot_be_written(call, study, tmp_path):
    (tmp_path / "results").write_text("a file")
    code, _, err = call("run", study())
    assert code == 2
    assert err.startswith(f"ura-study: {tmp_path}/results/small: cannot be created below a file")


def test_a_name_that_another_data_set_has_taken(call, study, tmp_path):
    folder = tmp_path / "results/small"
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(yaml.safe_dump({"study": "small", "data": {"layout": "textures"}}))
    code, _, err = call("run", study())
    assert code == 2
    assert err.startswith(
        f"ura-study: {folder}: holds a study of the same name on other data (textures ); give this one"
    )


def test_ray_client_is_refused(call, study):
    code, _, err = call("run", study(), "--address", "ray://head:10001")
    assert code == 2
    assert "Ray Client (ray://) is not supported" in err


def test_rows_from_the_literature_are_read_before_anything_runs(call, study, tmp_path):
    path = study(report={"reported": "papers/lit.yaml"})
    assert call("run", path) == (2, "", f"ura-study: {path}: {tmp_path}/papers/lit.yaml: no such file\n")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("place", ["/proc/x", "a" * 300])
def test_results_that_cannot_be_anywhere_are_one_line(call, study, place):
    code, _, err = call("run", study(), "--results", place)
    assert code == 2
    assert err.startswith("ura-study: ")
    assert err.count("\n") == 1


def test_a_root_that_is_too_long_is_one_line(call, study):
    code, _, err = call("plan", study(data={"layout": "mvtec_ad", "root": "/" + "a" * 5000}))
    assert (code, err.count("\n")) == (2, 1)
    assert "this path is too long for the file system" in err


def test_an_interrupt_is_told_whatever_the_command_does(call, monkeypatch):
    def interrupted(*arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("ura_study.commands.status.status", interrupted)
    assert call("status") == (130, "", "ura-study: stopped; the same command continues\n")
