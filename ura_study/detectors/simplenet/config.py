"""The `model` section of a variant with `name: simplenet`: a discriminator of normal features and noisy ones."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class SimpleNetSettings(DetectorSettings):
    """SimpleNet (Liu et al., CVPR 2023): an adaptor, noise on its features, and a discriminator between the two.

    Which features it sees stands in the variant's `features` section; the paper's are levels 2 and 3 on the grid of
    level 2, averaged over 3 × 3. How long it is trained stands in `training`: the paper has 160 epochs in batches of 4,
    some 9,700 steps for 242 images; so many take minutes on a GPU, and on a CPU 500 are within reach:
    `{grid: {features.layers: [[2, 3]], training.steps: [500], model: [{name: simplenet}]}}`. With the default of
    `training.lr` the rates rise to the paper's: 1e-4 for the adaptor, 2e-4 for the discriminator.
    """

    effort = ("hidden",)

    name: Literal["simplenet"] = "simplenet"
    """Which detector this is."""
    noise: float = Field(0.015, gt=0)
    """Standard deviation of the Gaussian noise that turns adapted features into anomalous ones."""
    hidden: int = Field(1024, ge=1, le=8192)
    """Width of the discriminator's hidden layer, as in the authors' code."""
    margin: float = Field(0.5, gt=0)
    """Output beyond which a token costs nothing: above it if normal, below its negative if noisy (the paper's th)."""
    image_score: Literal["max", "map"] = inference_field("max")
    """The image's score: the largest of its tokens' (`max`), or taken from the smoothed map as the `scoring` section
    says (`map`)."""


register_detector(SimpleNetSettings, "ura_study.detectors.simplenet.network:SimpleNet")
