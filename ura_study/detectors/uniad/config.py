"""The `model` section of a variant with `name: uniad`: a transformer that reconstructs the features of many kinds."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class MaskedTransformerSettings(DetectorSettings):
    """What detectors share whose masked transformer reconstructs features, UniAD and OneNIP."""

    effort: ClassVar[tuple[str, ...]] = ("width", "depth")

    width: int = Field(256, ge=4, le=4096, multiple_of=2)
    """Dimensions of a token inside the transformer. Its feed-forward layers are four times as wide."""
    depth: int = Field(4, ge=1, le=32)
    """Layers of the encoder, and layers of the decoder."""
    heads: int = Field(8, ge=1, le=256)
    """Heads of each attention; must divide `width`."""
    neighbourhood: int = Field(7, ge=0, le=255)
    """Side of the square around a token that its attention may not look at (odd; 1: the token itself alone). 0: there
    is no mask, the control that shows what it is for."""
    jitter: float = Field(20.0, ge=0, le=1000)
    """Strength of the noise on the features in training: its standard deviation is this times the length of the token's
    vector, divided by the number of channels."""
    standardise: bool = True
    """Whether channels are brought to mean 0 and variance 1 over all training tokens, which the paper does not."""
    image_score: Literal["pooled", "map"] = inference_field("pooled")
    """The image's score: the largest mean of the error over a square of one cell of the grid (`pooled`), or taken from
    the smoothed map as the `scoring` section says (`map`)."""

    @field_validator("neighbourhood")
    @classmethod
    def _odd(cls, side: int) -> int:
        if side % 2 == 0 and side != 0:
            raise ValueError(f"neighbourhood must be odd, or 0 for no mask, but got {side}")
        return side

    @model_validator(mode="after")
    def _whole_heads(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads must divide width, but got heads {self.heads} and width {self.width}")
        return self

    def check_grid(self, map_size: int) -> None:
        """Raise a ValueError where the mask leaves a token of the grid nothing to attend to."""
        least = 2 * (self.neighbourhood // 2 + 1)
        if self.neighbourhood and map_size < least:
            raise ValueError(
                f"neighbourhood {self.neighbourhood} leaves the middle of the grid nothing to attend to: "
                f"features.map_size must be at least {least}, but got {map_size}"
            )


class UniADSettings(MaskedTransformerSettings):
    """UniAD (You et al., NeurIPS 2022): a masked transformer reconstructs features; the error is the score.

    It was made for one model of all categories (`data.unified`). Which features it sees stands in the variant's
    `features` section; the paper's are levels 0 to 3 on a grid of side 14, not averaged.
    """

    name: Literal["uniad"] = "uniad"
    """Which detector this is."""


register_detector(UniADSettings, "ura_study.detectors.uniad.network:UniAD")
