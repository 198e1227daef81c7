"""The frozen network that turns images into feature maps: any timm model with feature levels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ura_study.errors import ConfigError, ResourceError
from ura_study.features import weights
from ura_study.features.catalogue import RANDOM_SEED, backbone_info
from ura_study.features.config import FeatureSettings
from ura_study.features.transfer import sent


class Backbone:
    """A frozen timm network in evaluation mode."""

    def __init__(self, settings: FeatureSettings, layers: tuple[int, ...], device: torch.device) -> None:
        self.network = _lean(_network(settings, layers).eval()).requires_grad_(False).to(device)
        self.name = settings.backbone
        self.channels = [backbone_info(settings.backbone).channels[layer] for layer in layers]
        self.device = device
        mean, std = _normalisation(settings.backbone)
        self.mean = torch.tensor(mean, device=device).view(1, 3, 1, 1)
        self.std = torch.tensor(std, device=device).view(1, 3, 1, 1)

    @torch.no_grad()
    def __call__(self, images: np.ndarray) -> list[torch.Tensor]:
        """Return the feature maps (B, C_l, H_l, W_l) float32 of images (B, H, W, 3) uint8, one per layer."""
        try:
            maps = self.network(self._input(images))
        except (AssertionError, RuntimeError) as error:
            size = f"{images.shape[2]}×{images.shape[1]}"
            raise ConfigError(f"features.backbone: '{self.name}' takes no images of {size} ({error})") from error
        return [_channels_first(m, count) for m, count in zip(maps, self.channels, strict=True)]

    def _input(self, images: np.ndarray) -> torch.Tensor:
        """Return images as (B, 3, H, W), channels last in memory: the network's convolutions then work so too."""
        pixels = sent(torch.from_numpy(images), self.device).permute(0, 3, 1, 2).float()  # (B, 3, H, W)
        return pixels.sub_(self.mean).div_(self.std)


def _channels_first(maps: torch.Tensor, channels: int) -> torch.Tensor:
    """Return feature maps as (B, C, H, W); some timm models give (B, H, W, C)."""
    if maps.ndim == 4 and maps.shape[1] == channels:
        return maps
    if maps.ndim == 4 and maps.shape[3] == channels:
        return maps.permute(0, 3, 1, 2).contiguous()
    raise ConfigError(f"features.backbone: expected feature maps of {channels} channels, but got {tuple(maps.shape)}")


def untrained(name: str, layers: tuple[int, ...]) -> nn.Module:
    """Return a backbone with random weights, always the same; it gives the maps of `layers`."""
    import timm

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(RANDOM_SEED)
        return timm.create_model(name, features_only=True, out_indices=layers)


def _network(settings: FeatureSettings, layers: tuple[int, ...]) -> nn.Module:
    import timm

    name, options = settings.backbone, {"features_only": True, "out_indices": layers}
    if settings.weights == "random":
        return untrained(name, layers)
    if name in weights.PACKAGED:
        network = timm.create_model(name, **options)
        state = weights.packaged_state(name, timm.create_model(name).state_dict())
        network.load_state_dict({key: state[key] for key in network.state_dict()})
        return network
    try:
        return timm.create_model(name, pretrained=True, **options)
    except Exception as error:
        raise ResourceError(f"features.backbone: cannot load the weights of '{name}' ({error})") from error


def _lean(network: nn.Module) -> nn.Module:
    """Make an EfficientNet, or a network of its kin, in evaluation mode do no more than it must; return it.

    timm keeps stages after the last level that is asked for: they are left out. And a batch normalisation is folded
    into the convolution before it, which changes maps by rounding alone.
    """
    from timm.models.efficientnet import EfficientNetFeatures
    from timm.models.mobilenetv3 import MobileNetV3Features

    if isinstance(network, EfficientNetFeatures | MobileNetV3Features) and network.feature_hooks is None:
        network.blocks = network.blocks[: max(level["stage"] for level in network.feature_info.get_dicts())]
        for part in list(network.modules()):
            _fold(part)
    return network


def _fold(part: nn.Module) -> None:
    """Fold each batch normalisation among the children of `part` into the convolution right before it.

    What timm has of activations in the same module stays.
    """
    for (before, convolution), (name, norm) in pairwise(list(part.named_children())):
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(part, before, fuse_conv_bn_eval(convolution, norm))
            setattr(part, name, getattr(norm, "act", nn.Identity()))


def _normalisation(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of a backbone's input on the scale 0–255."""
    import timm

    if name in weights.PACKAGED:
        return weights.MEAN, weights.STD
    config = timm.get_pretrained_cfg(name)
    return tuple(255 * m for m in config.mean), tuple(255 * s for s in config.std)
