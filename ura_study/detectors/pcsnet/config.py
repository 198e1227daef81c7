"""The `model` section of a variant with `name: pcsnet`: features adapted to a few images, and a segmentation."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class PCSNetSettings(DetectorSettings):
    """PCSNet (Jiang et al., TNNLS 2024): features are adapted so that normal ones lie near their prototypes, and a
    network segments pseudo-anomalies by their distances.

    It is made for a few images (`data.shots`), and refused without. Each step reads its images again and runs the
    backbone on altered ones. The authors train for 50 epochs in batches of 2 on a grid of side 64:
    `training: {epochs: 50, batch_size: 2}`.
    """

    effort = ("width",)
    few_shot: ClassVar[bool] = True

    name: Literal["pcsnet"] = "pcsnet"
    """Which detector this is."""
    width: int = Field(128, ge=1, le=4096)
    """Channels of the segmentation network; the authors' 896 take some fifty times the time."""
    most_pieces: int = Field(3, ge=1, le=100)
    """Most pieces of an image that are moved about to make a pseudo-anomaly: one, and each further one by the toss of a
    coin."""
    standardise: bool = True
    """Whether each channel is divided by its standard deviation over all training tokens, which the authors do not."""
    image_score: Literal["map", "max"] = inference_field("map")
    """The image's score: taken from the smoothed map as the `scoring` section says (`map`), or the largest value of the
    map before it is smoothed (`max`)."""


register_detector(PCSNetSettings, "ura_study.detectors.pcsnet.network:PCSNet")
