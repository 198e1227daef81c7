import numpy as np
import pytest
import skimage.data
import timm
import torch
from PIL import Image

from ura_study.errors import ConfigError, ResourceError
from ura_study.features import weights
from ura_study.features.backbone import Backbone, untrained
from ura_study.features.catalogue import DEFAULT
from ura_study.features.config import FeatureSettings

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", weights.PACKAGED)
@pytest.mark.parametrize(("photograph", "classes"), [("chelsea", {281, 282, 285}), ("coffee", {504, 967, 968})])
def test_packaged_weights_recognise_photographs(name, photograph, classes):
    """Top-1 of ImageNet: a cat (tabby, tiger cat, Egyptian cat), and coffee (mug, espresso, cup)."""
    network = timm.create_model(name).eval()
    network.load_state_dict(weights.packaged_state(name, network.state_dict()))
    image = Image.fromarray(getattr(skimage.data, photograph)()).resize((256, 256))
    pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        top = network((pixels - weights.MEAN[0]) / weights.STD[0]).argmax().item()
    assert top in classes


def test_feature_maps_are_those_of_the_classifier():
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    maps = Backbone(FeatureSettings(), (1, 2, 3), CPU)(images)
    assert [tuple(m.shape) for m in maps] == [(2, 24, 16, 16), (2, 40, 8, 8), (2, 112, 4, 4)]
    network = timm.create_model(DEFAULT.name).eval()
    network.load_state_dict(weights.packaged_state(DEFAULT.name, network.state_dict()))
    pixels = (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.no_grad():
        stem = network.bn1(network.conv_stem(pixels))
        third = network.blocks[:5](stem)
    torch.testing.assert_close(maps[2], third, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "layers", "stages"),
    [("tf_efficientnet_lite0", (1, 2), 3), ("tf_efficientnet_lite0", (0,), 1), ("mobilenetv3_small_050", (0, 2), 2)],
)
def test_what_no_level_needs_is_left_out_and_normalisation_folded(name, layers, stages):
    backbone = Backbone(FeatureSettings(backbone=name, weights="random", layers=layers), layers, CPU)
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    with torch.no_grad():
        whole = untrained(name, layers).eval()(backbone._input(images))
    assert len(backbone.network.blocks) == stages
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in backbone.network.modules())
    for ours, theirs in zip(backbone(images), whole, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_random_weights_are_the_same_every_time():
    settings = FeatureSettings(weights="random", layers=(1,))
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    one, two = (Backbone(settings, (1,), CPU).network.state_dict() for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert torch.equal(before, torch.random.get_rng_state())


def test_other_weights_than_expected_are_refused():
    names = timm.create_model("tf_efficientnet_lite1").state_dict()
    with pytest.raises(ValueError, match="its tensors are not those of timm's tf_efficientnet_lite0"):
        weights.packaged_state(DEFAULT.name, names)


def test_weights_that_cannot_be_had_are_one_line(monkeypatch):
    def offline(name, **options):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(ResourceError, match=r"cannot load the weights of 'resnet18' \(no route to host\)"):
        Backbone(FeatureSettings(backbone="resnet18"), (1,), CPU)


def test_other_backbones_get_their_own_normalisation(monkeypatch):
    """The download is replaced by random weights: everything else is the path of a user's run."""
    create = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, pretrained=False, **options: create(name, **options))
    backbone = Backbone(FeatureSettings(backbone="resnet18"), (1, 2), CPU)
    torch.testing.assert_close(backbone.mean.flatten(), 255 * torch.tensor([0.485, 0.456, 0.406]))
    maps = backbone(np.zeros((1, 64, 64, 3), np.uint8))
    assert [tuple(m.shape) for m in maps] == [(1, 64, 16, 16), (1, 128, 8, 8)]


def test_maps_with_channels_last_are_turned(monkeypatch):
    """timm's Swin gives (B, H, W, C); at its own input size."""
    backbone = Backbone(FeatureSettings(backbone="swin_tiny_patch4_window7_224", weights="random"), (0, 1), CPU)
    maps = backbone(np.zeros((1, 224, 224, 3), np.uint8))
    assert [tuple(m.shape) for m in maps] == [(1, 96, 56, 56), (1, 192, 28, 28)]


def test_an_image_size_the_backbone_cannot_take_is_one_line():
    backbone = Backbone(FeatureSettings(backbone="vit_tiny_patch16_224", weights="random"), (0,), CPU)
    with pytest.raises(ConfigError, match="'vit_tiny_patch16_224' takes no images of 256×256"):
        backbone(np.zeros((1, 256, 256, 3), np.uint8))


def test_convolutions_work_with_channels_last():
    backbone, formats = Backbone(FeatureSettings(), (1, 2), CPU), []
    for module in backbone.network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(
                lambda module, given, out: formats.append(out.is_contiguous(memory_format=torch.channels_last))
            )
    backbone(np.zeros((2, 64, 64, 3), np.uint8))
    assert formats
    assert all(formats)
