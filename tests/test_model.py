"""A detector as a library: the numbers of a study's run, and the same ones after it was saved and loaded."""

import numpy as np
import pytest
import torch
from datasets import write_category
from jobs import SETTINGS, small_job
from PIL import Image

from ura_study import AnomalyModel
from ura_study import model as module
from ura_study.errors import ConfigError, DataError
from ura_study.runs.attempt import attempt
from ura_study.runs.details import Details

DETECTORS = {
    "uranet": SETTINGS,
    "w/o perception": SETTINGS | {"model": {"perception": False, "restoration": {"prototypes": 16, "exclusion": 1}}},
    "patchcore": SETTINGS | {"model": {"name": "patchcore", "coreset": 0.1}},
}


@pytest.fixture
def nut(tmp_path):
    return write_category(tmp_path, "nut")


def fitted(nut, settings=SETTINGS, **options):
    return AnomalyModel(settings, image_size=64, **options).fit(nut / "train/good")


@pytest.mark.parametrize("settings", DETECTORS.values(), ids=DETECTORS)
def test_a_model_that_was_saved_and_loaded_scores_the_same_to_the_bit(nut, tmp_path, settings):
    model = fitted(nut, settings)
    model.save(tmp_path / "nut.pt")
    expected = model.score(nut / "test/square")
    found = AnomalyModel.load(tmp_path / "nut.pt").score(nut / "test/square")
    assert found.names == expected.names
    for name in ("scores", "maps", "probability", "epistemic"):
        one, other = getattr(found, name), getattr(expected, name)
        assert (one is None and other is None) or np.array_equal(one, other)


@pytest.mark.parametrize("settings", DETECTORS.values(), ids=DETECTORS)
def test_it_gives_the_scores_of_a_run_of_a_study(nut, settings):
    torch.set_num_threads(1)
    details = next(part for part in attempt(small_job(nut.parent, settings=settings)) if isinstance(part, Details))
    model = fitted(nut, settings)
    ours = np.concatenate([model.score(nut / "test" / kind).scores for kind in ("good", "square")])
    assert [name.split("/")[-2] for name in details.images] == ["good"] * 3 + ["square"] * 3
    np.testing.assert_allclose(ours, details.scores, rtol=1e-4)


def test_folders_paths_and_arrays_are_the_same_images(nut):
    model, paths = fitted(nut), sorted((nut / "test/square").glob("*.png"))
    arrays = [np.asarray(Image.open(path)) for path in paths]
    scores = [model.score(images).scores for images in (nut / "test/square", paths, arrays, np.stack(arrays))]
    assert all(np.array_equal(scores[0], other) for other in scores[1:])
    assert model.score(paths[:1]).names == (str(paths[0]),)
    assert model.score(arrays).names == ("0", "1", "2")
    found = model.score(paths)
    assert (found.maps.shape, found.probability.shape) == ((3, 64, 64), (3, 8, 8))


def test_a_model_that_is_not_fitted_refuses(nut, tmp_path):
    for use in (lambda m: m.score(nut / "test/square"), lambda m: m.save(tmp_path / "x.pt")):
        with pytest.raises(RuntimeError, match="fit the model, or load one, before it is used"):
            use(AnomalyModel(SETTINGS, image_size=64))
    assert not (tmp_path / "x.pt").exists()


def test_settings_are_checked():
    with pytest.raises(ConfigError, match=r"settings: model\.perception\.widht: unknown key; did you mean 'width'"):
        AnomalyModel({"model": {"perception": {"widht": 3}}})
    with pytest.raises(ConfigError, match="'oracle' needs true masks"):
        AnomalyModel({"model": {"perception": {"gate": "oracle"}}})


def test_what_is_no_model_is_told(nut, tmp_path, monkeypatch):
    (tmp_path / "text.pt").write_text("not a model")
    torch.save({"other": 1}, tmp_path / "other.pt")
    torch.save({"form": AnomalyModel}, tmp_path / "code.pt")
    for name in ("none.pt", "text.pt", "other.pt", "code.pt"):
        with pytest.raises(DataError, match=f"{name}: cannot be read as a model"):
            AnomalyModel.load(tmp_path / name)
    fitted(nut).save(tmp_path / "nut.pt")
    monkeypatch.setattr(module, "FORM", 0)
    with pytest.raises(DataError, match=r"was written by ura_study .*, which is newer than"):
        AnomalyModel.load(tmp_path / "nut.pt")


def test_other_weights_of_the_backbone_are_refused(nut, tmp_path, monkeypatch):
    fitted(nut).save(tmp_path / "nut.pt")
    monkeypatch.setattr(module, "weights_id", lambda settings: "others")
    with pytest.raises(DataError, match=r"was fitted on the backbone's weights 'efficientnet.*', here are 'others'"):
        AnomalyModel.load(tmp_path / "nut.pt")


@pytest.mark.parametrize("images", ["nowhere", [], np.zeros((0, 8, 8, 3), np.uint8)])
def test_no_images_are_told(nut, images):
    with pytest.raises(DataError, match=r"expected (a folder of images|at least one image), but there is none"):
        fitted(nut).score(images)


def test_an_array_of_another_type_is_told(nut):
    with pytest.raises(DataError, match=r"or \(H, W\) of uint8 or uint16, but got .* of float64"):
        fitted(nut).score([np.zeros((8, 8))])
