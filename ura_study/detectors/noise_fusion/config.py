"""The `model` section of a variant with `name: noise_fusion`: HetNet's noise fusion on the levels of one backbone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class NoiseFusionSettings(DetectorSettings):
    """The noise fusion of HetNet (Yu et al., IROS 2025): reverse distillation with a second student. It sees features
    that are replaced by noise in places, drawn at each position from the normal features there, and learns to give them
    back without noise.

    HetNet fuses features of a CNN and of a transformer before; there is one backbone here, so that part is left out.
    As reverse distillation does, it sees each level of `features.layers` at its own resolution.
    """

    effort = ("blocks",)

    name: Literal["noise_fusion"] = "noise_fusion"
    """Which detector this is."""
    noise: float = Field(0.2, ge=0, lt=1)
    """Share of the positions of the coarsest level, and of what they cover of the finer ones, whose features the second
    student sees replaced by noise. 0: none, the control that shows what noise is for."""
    denoise_to: Literal["teacher", "student"] = "teacher"
    """What the second student learns to give back of the features without noise: these themselves (`teacher`), or what
    the first student gives back of them (`student`), as in the paper's figure. That takes a longer training."""
    blocks: int = Field(2, ge=1, le=16)
    """Residual blocks of each student's embedding, and of the student for each level."""
    upsampling: Literal["transposed", "nearest"] = "transposed"
    """How students double: by transposed convolutions, or by repeating positions before 3 × 3 convolutions."""
    image_score: Literal["map", "max"] = inference_field("map")
    """The image's score: taken from the smoothed map as the `scoring` section says (`map`), or the largest value of the
    map before it is smoothed (`max`)."""


register_detector(NoiseFusionSettings, "ura_study.detectors.noise_fusion.network:NoiseFusion")
