"""The `model` section of a variant with `name: simplenet`: a discriminator of normal features and noisy ones."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class SimpleNetSettings(DetectorSettings):
    """SimpleNet (Liu et al., CVPR 2023): an adaptor, noise on its features, and a discriminator between the two.

    Which features it sees stands in the variant's `features` section; the paper's are levels 2 and 3 on the grid of
    level 2, averaged over 3 × 3. It needs more steps than the default of `training.steps`:
    `{grid: {features.layers: [[2, 3]], training.steps: [400], model: [{name: simplenet}]}}`. With the default of
    `training.lr` the rates rise to the paper's: 1e-4 for the adaptor, 2e-4 for the discriminator.

    The noise belongs to the backbone: the published one is nothing beside the features of the default backbone, whose
    standard deviations are a hundred times as large. With `backbone: wide_resnet50_2`, the published form is
    `{name: simplenet, standardise: false, noise: 0.015, tokens: null}`.
    """

    effort = ("hidden", "tokens")

    name: Literal["simplenet"] = "simplenet"
    """Which detector this is."""
    standardise: bool = True
    """Whether each channel is divided by its standard deviation over all training tokens, which the paper does not: the
    noise is then the same share of each channel's own, whatever the backbone."""
    noise: float = Field(0.25, gt=0)
    """Standard deviation of the Gaussian noise that turns adapted features into anomalous ones (the paper's σ)."""
    hidden: int = Field(1024, ge=1, le=8192)
    """Width of the discriminator's hidden layer, as in the authors' code."""
    margin: float = Field(0.5, gt=0)
    """Output beyond which a token costs nothing: above it if normal, below its negative if noisy (the paper's th)."""
    tokens: int | None = Field(1024, ge=2)
    """Tokens of a batch that a step takes, drawn at random; unset: all, as published."""
    image_score: Literal["max", "map"] = inference_field("max")
    """The image's score: the largest of its tokens' (`max`), or taken from the smoothed map as the `scoring` section
    says (`map`)."""


register_detector(SimpleNetSettings, "ura_study.detectors.simplenet.network:SimpleNet")
