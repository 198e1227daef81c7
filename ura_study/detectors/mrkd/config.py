"""The `model` section of a variant with `name: mrkd`: reverse distillation whose student restores what is masked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class MRKDSettings(DetectorSettings):
    """Masked reverse knowledge distillation (Jiang et al., Knowledge-Based Systems 2023): reverse distillation, with
    pieces of the image moved about before the teacher sees it, and parts of the student's features hidden.

    Without both kinds of masking it is reverse distillation, but for the heads of the student. With `image_masking`,
    each step reads its images again and runs the backbone on the altered ones.
    """

    effort = ("blocks", "image_masking")

    name: Literal["mrkd"] = "mrkd"
    """Which detector this is."""
    image_masking: bool = True
    """Whether pieces of the training images are moved about; what the student should give back stays that of the image
    as it was."""
    most_pieces: int = Field(3, ge=1, le=100)
    """Most pieces of an image that are moved: one, and each further one by the toss of a coin."""
    feature_masking: float = Field(0.2, ge=0, lt=1)
    """Share of the positions of each of the student's levels that are hidden from its head in training; 0: none."""
    blocks: int = Field(2, ge=1, le=16)
    """Residual blocks of the bottleneck, and of the student for each level."""
    upsampling: Literal["transposed", "nearest"] = "transposed"
    """How the student doubles: by transposed convolutions, as the authors have it, or by repeating positions before
    3 × 3 convolutions."""
    image_score: Literal["map", "max"] = inference_field("map")
    """The image's score: taken from the smoothed map as the `scoring` section says (`map`), or the largest value of the
    map before it is smoothed (`max`)."""


register_detector(MRKDSettings, "ura_study.detectors.mrkd.network:MRKD")
