"""The `model` section of a variant with `name: simplenet`: a discriminator of normal features and noisy ones."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field

#: Standard deviation of the noise on standardised channels, chosen on validation metrics: see `docs/methods.md`.
STANDARDISED_NOISE = 0.5
#: That on channels as they are, which is the paper's for Wide ResNet-50.
PUBLISHED_NOISE = 0.015


class SimpleNetSettings(DetectorSettings):
    """SimpleNet (Liu et al., CVPR 2023): an adaptor, noise on its features, and a discriminator between the two.

    Which features it sees stands in the variant's `features` section; the paper's are levels 2 and 3 on the grid of
    level 2, averaged over 3 × 3. It needs more steps than the default of `training.steps`:
    `{grid: {features.layers: [[2, 3]], training.steps: [400], model: [{name: simplenet}]}}`. With the default of
    `training.lr` the rates rise to the paper's: 1e-4 for the adaptor, 2e-4 for the discriminator.
    """

    effort = ("hidden", "tokens")

    name: Literal["simplenet"] = "simplenet"
    """Which detector this is."""
    standardise: bool = True
    """Whether each channel is divided by its standard deviation over all training tokens, so that one level of noise
    fits any backbone. The paper does not: `false`, with Wide ResNet-50, is the published method."""
    noise: float | None = Field(None, gt=0)
    """Standard deviation of the Gaussian noise that turns adapted features into anomalous ones. Default: 0.5 where
    channels are standardised; where not, the paper's 0.015."""
    tokens: int | None = Field(512, ge=2)
    """Tokens of a batch that a step takes, drawn at random; unset: all, as published. A batch of 4 images has 4096 on a
    grid of side 32."""
    hidden: int = Field(1024, ge=1, le=8192)
    """Width of the discriminator's hidden layer, as in the authors' code."""
    margin: float = Field(0.5, gt=0)
    """Output beyond which a token costs nothing: above it if normal, below its negative if noisy (the paper's th)."""
    image_score: Literal["max", "map"] = inference_field("max")
    """The image's score: the largest of its tokens' (`max`), or taken from the smoothed map as the `scoring` section
    says (`map`)."""

    @property
    def noise_std(self) -> float:
        """The standard deviation of the noise, be it given or the default."""
        if self.noise is not None:
            return self.noise
        return STANDARDISED_NOISE if self.standardise else PUBLISHED_NOISE


register_detector(SimpleNetSettings, "ura_study.detectors.simplenet.network:SimpleNet")
