"""The `model` section of a variant with `name: padim`: a Gaussian for each position."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class PaDiMSettings(DetectorSettings):
    """PaDiM (Defard et al. 2021): Mahalanobis distance to a Gaussian of each position. Nothing is trained by gradient.

    Which features it sees stands in the variant's `features` section; the paper's are levels 1, 2 and 3 on the grid of
    level 1, not averaged. For images of side 256 these are
    `{grid: {features.neighbourhood: [1], features.map_size: [64], model: [{name: padim}]}}`.
    """

    effort = ("channels",)

    name: Literal["padim"] = "padim"
    """Which detector this is."""
    channels: int = Field(100, ge=1, le=4096)
    """Channels drawn at random from all layers together; all of them where there are no more. The paper has 100 for
    ResNet18 and 550 for Wide ResNet-50. Memory is 4 bytes × channels² × positions: 164 MB with 100 on a grid of side
    64, 5 GB with 550."""
    regularisation: float = Field(0.01, gt=0)
    """Added to the variance of each channel, so that the covariance can be inverted (the paper's ε)."""
    image_score: Literal["max", "map"] = inference_field("max")
    """The image's score: the largest distance of its positions (`max`), or taken from the smoothed map as the `scoring`
    section says (`map`)."""


register_detector(PaDiMSettings, "ura_study.detectors.padim.gaussians:PaDiM")
