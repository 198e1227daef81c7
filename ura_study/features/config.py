"""The `features` section of a variant."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from ura_study.settings import List, Settings


class FeatureSettings(Settings):
    """What the detector sees of an image: feature maps of a frozen convolutional network."""

    backbone: str = "tf_efficientnet_lite0"
    """Name of a timm model. The default's weights are installed with this program; others are downloaded by timm."""
    weights: Literal["pretrained", "random"] = "pretrained"
    """`random` is the control that tells what pre-training buys (initialised from a fixed seed)."""
    layers: List[int] = (1, 2, 3)
    """Feature levels of the backbone as timm counts them (level 1 has stride 4, level 2 stride 8, …)."""
    map_size: int = Field(32, ge=4, le=256)
    """Side of the common grid to which the maps of all layers are brought before they are concatenated."""
    neighbourhood: int = Field(3, ge=1, le=9)
    """Side of the square over which features are averaged (odd; 1: not at all)."""
    pooling: Literal["layer", "grid"] = "layer"
    """Where they are averaged. `layer`: each layer at its own resolution, zeros counting beyond the border, and then
    brought to the grid, as published (PatchCore, Roth et al., CVPR 2022). `grid`: all layers on the grid, only what is
    there counting, as this program did up to run version 3; kept for comparison."""
    precision: Literal["float16", "float32"] = "float16"
    """Type in which feature maps are cached."""

    @field_validator("layers")
    @classmethod
    def _ascending(cls, layers: tuple[int, ...]) -> tuple[int, ...]:
        if not layers or list(layers) != sorted(set(layers)) or layers[0] < 0:
            raise ValueError(f"layers must be distinct, ascending and not negative, but got {list(layers)}")
        return layers

    @field_validator("neighbourhood")
    @classmethod
    def _odd(cls, side: int) -> int:
        if side % 2 == 0:
            raise ValueError(f"neighbourhood must be odd, but got {side}")
        return side
