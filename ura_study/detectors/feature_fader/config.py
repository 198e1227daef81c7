"""The `model` section of a variant with `name: feature_fader`: inpainting of feature maps, with attenuated skips."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class FeatureFADeRSettings(DetectorSettings):
    """FADeR (Park et al., 2024) on feature maps: a U-Net learns to inpaint the features of normal images, and features
    that look defective are attenuated on its skip connections, so that they are not reconstructed.

    The paper inpaints images; here it is the features of the frozen backbone.
    """

    effort = ("width",)

    name: Literal["feature_fader"] = "feature_fader"
    """Which detector this is."""
    width: int = Field(128, ge=1, le=4096)
    """Channels of each level of the U-Net, and hidden width of the MLP of each skip connection."""
    hidden: float = Field(0.1, ge=0, lt=1)
    """Share of an image's tokens that the mask hides in training, those that stand out the most. 0: no mask."""
    masking: bool = inference_field(False)
    """Whether the mask hides as many tokens in scoring, as in the paper."""
    attenuation: bool = inference_field(True)
    """Whether features that look defective are attenuated. `false` is the control: the same U-Net, of the same fit."""


register_detector(FeatureFADeRSettings, "ura_study.detectors.feature_fader.network:FeatureFADeR")
