"""The `model` section of a variant with `name: pbas`: a discriminator of features within and beyond a boundary."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class PBASSettings(DetectorSettings):
    """PBAS (Chen et al. 2024): adapted features are drawn towards centres, and a discriminator tells them from features
    that lie farther out in the same direction.

    Which features it sees stands in the variant's `features` section; the paper's are levels 2 and 3 on the grid of
    level 2, averaged over 3 × 3. It needs more steps than the default of `training.steps`:
    `{grid: {features.layers: [[2, 3]], training.steps: [800], model: [{name: pbas}]}}`. With the default of
    `training.lr` the rates rise to those of the authors' code: 1e-4 for the adaptor, 2e-4 for the discriminator. With
    `backbone: wide_resnet50_2`, the published form is `{name: pbas, standardise: false, tokens: null}`.
    """

    effort = ("hidden", "tokens")

    name: Literal["pbas"] = "pbas"
    """Which detector this is."""
    standardise: bool = True
    """Whether each channel is divided by its standard deviation over all training tokens, which the paper does not."""
    stretch: float = Field(0.25, gt=0)
    """How much farther from its centre an anomalous feature lies than the normal one it is made of, as a share of the
    mean distance of normal features from theirs (`k` in the authors' code)."""
    hidden: int = Field(1024, ge=1, le=8192)
    """Width of the discriminator's hidden layer, as in the authors' code."""
    tokens: int | None = Field(1024, ge=2)
    """Tokens of a batch that a step takes, drawn at random; unset: all, as published."""
    image_score: Literal["max", "map"] = inference_field("max")
    """The image's score: the largest of its tokens' (`max`), or taken from the smoothed map as the `scoring` section
    says (`map`)."""


register_detector(PBASSettings, "ura_study.detectors.pbas.network:PBAS")
