"""The `model` section of a variant with `name: reverse_distillation`: a student that decodes what a teacher says."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class ReverseDistillationSettings(DetectorSettings):
    """Reverse distillation (Deng & Li, CVPR 2022): features of several levels pass a bottleneck, and a student learns
    to give them back from there; it can do so for normal images alone.

    It sees each level of `features.layers` at its own resolution, so `neighbourhood` and `pooling` play no part, and
    `map_size` is only the grid of its map. The paper's levels are 1, 2 and 3. With the default of `training.lr` the
    rate is the authors' 0.005.
    """

    effort = ("blocks",)

    name: Literal["reverse_distillation"] = "reverse_distillation"
    """Which detector this is."""
    blocks: int = Field(2, ge=1, le=16)
    """Residual blocks of the bottleneck, and of the student for each level. The authors have 3, and 3, 4 and 6, as its
    teacher has."""
    upsampling: Literal["transposed", "nearest"] = "transposed"
    """How the student doubles: by transposed convolutions, as the authors have it, or by repeating positions before
    3 × 3 convolutions."""
    image_score: Literal["map", "max"] = inference_field("map")
    """The image's score: taken from the smoothed map as the `scoring` section says (`map`), or the largest value of the
    map before it is smoothed (`max`)."""


register_detector(ReverseDistillationSettings, "ura_study.detectors.reverse_distillation.network:ReverseDistillation")
