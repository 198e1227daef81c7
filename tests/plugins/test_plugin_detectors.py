"""The detector of the example, through studies, runs, searches and models; no Ray."""

import numpy as np
import pytest
from datasets import write_category
from plugged import SMALL, SOURCES, data, done

from ura_study import plugins
from ura_study.detectors.config import DETECTORS
from ura_study.errors import ConfigError
from ura_study.model import AnomalyModel
from ura_study.opening import open_study
from ura_study.search.space.space import read_space
from ura_study.settings import rebuild
from ura_study.study.loading import load_study
from ura_study.study.plan import expand

pytestmark = pytest.mark.usefixtures("unplugged")


def test_a_detector_takes_part_in_all_sections(study, mvtec_root):
    path = study(
        "detector",
        data=data(mvtec_root, validation=0.0),
        ablations={
            "detectors": {"grid": {"model": [{"name": "autoencoder"}, {"name": "autoencoder", "width": 2}]}},
        },
    )
    names = [variant.name for variant in expand(load_study(path))]
    assert names == ["full", "model=autoencoder", "model=autoencoder(width=2)"]


def test_its_keys_can_be_swept(study):
    variants = expand(load_study(study("detector", base=SMALL, ablations={"w": {"sweep": {"model.width": [2, 8]}}})))
    assert [variant.settings.model.width for variant in variants] == [4, 2, 8]


def test_a_search_chooses_between_detectors(study):
    space = {
        "model": {"choice": [{"name": "patchcore"}, {"name": "autoencoder"}]},
        "model.width": {"choice": [2, 8], "when": {"model": {"name": "autoencoder"}}},
    }
    loaded = load_study(study("detector", data={"validation": 0.2}, search={"space": space, "trials": 3}))
    found = read_space(loaded.search.space, loaded.base, "search.space").grid()
    assert len(found) == 3
    wrong = space | {"model.width": {"choice": [0, 8], "when": {"model": {"name": "autoencoder"}}}}
    with pytest.raises(ConfigError, match=r"search\.space\.model\.width: expected a number >= 1, but got 0"):
        read_space(wrong, loaded.base, "search.space")


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({"name": "autoencodr"}, "base.model: .*autoencoder.* but got .*did you mean 'autoencoder'"),
        ({"name": "autoencoder", "widht": 3}, r"base\.model\.widht: unknown key; did you mean 'width'\?"),
        ({"name": "autoencoder", "width": 0}, r"base\.model\.width: expected a number >= 1, but got 0"),
        ({"name": "patchcore", "width": 3}, r"base\.model\.width: unknown key"),
    ],
)
def test_errors_in_its_section_name_the_key(study, model, told):
    with pytest.raises(ConfigError, match=told):
        load_study(study("detector", base={"model": model}))


def test_errors_in_an_ablation_name_the_key(study):
    path = study("detector", base=SMALL, ablations={"w": {"sweep": {"model.widht": [2]}}})
    with pytest.raises(ConfigError, match=r"ablations\.w: model\.widht: unknown key; did you mean 'width'\?"):
        expand(load_study(path))


def test_without_the_plugin_its_detector_is_unknown(study):
    with pytest.raises(ConfigError, match=r"base\.model: expected a mapping whose name is one of .*'patchcore'"):
        load_study(study(base=SMALL))


def test_its_run_is_recorded(study, mvtec_root):
    loaded, plan = open_study(study("detector", data=data(mvtec_root, categories=["nut"]), base=SMALL))
    (record,) = done(loaded, plan).values()
    assert record.settings["model"]["name"] == "autoencoder"
    assert record.losses["total"] > 0
    assert record.metrics["image_auroc"] is not None
    assert list(record.provenance["plugins"]) == list(loaded.plugins)


def test_a_saved_model_scores_the_same_to_the_bit(tmp_path):
    plugins.imported(str(SOURCES / "detector.py"))
    nut = write_category(tmp_path, "nut")
    model = AnomalyModel(SMALL, image_size=64).fit(nut / "train/good")
    model.save(tmp_path / "nut.pt")
    expected = model.score(nut / "test/square")
    found = AnomalyModel.load(tmp_path / "nut.pt").score(nut / "test/square")
    assert np.array_equal(found.scores, expected.scores)
    assert np.array_equal(found.maps, expected.maps)


def test_a_model_of_a_plugin_that_is_not_there_is_one_line(call, tmp_path, monkeypatch):
    plugins.imported(str(SOURCES / "detector.py"))
    nut = write_category(tmp_path, "nut")
    AnomalyModel(SMALL, image_size=64).fit(nut / "train/good").save(tmp_path / "nut.pt")
    monkeypatch.delitem(DETECTORS._items, "autoencoder")
    rebuild()
    with pytest.raises(ConfigError, match=r"nut\.pt: model: expected a mapping whose name .*, but got .*autoencoder"):
        AnomalyModel.load(tmp_path / "nut.pt")
    code, _, err = call("predict", "nut.pt", nut / "test/square", "-o", "found")
    assert code == 2
    assert len(err.splitlines()) == 1
