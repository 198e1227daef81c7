"""The `model` section of a variant with `name: feature_editing`: features are edited into normal ones and restored."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class FeatureEditingSettings(DetectorSettings):
    """Feature editing (after LafitE, arXiv 2307.08059): a denoiser restores features that a memory has edited.

    It is the idea on feature maps, not a published method whole: see `docs/methods.md`. `edit: false` is the control.
    """

    effort = ("coreset", "width", "depth")

    name: Literal["feature_editing"] = "feature_editing"
    """Which detector this is."""
    coreset: float = Field(0.1, gt=0, le=1)
    """Share of all training tokens that the memory keeps, rounded, at least one. LafitE's is 10 %."""
    width: int = Field(128, ge=8, le=4096, multiple_of=8)
    """Channels inside the denoiser."""
    depth: int = Field(1, ge=1, le=32)
    """Residual blocks of the denoiser."""
    noise: float = Field(0.75, gt=0, le=100)
    """Standard deviation of the noise that the denoiser learns to remove, in units of each channel's."""
    edit: bool = inference_field(True)
    """Whether tokens are edited before they are restored; `false`: the denoiser sees them as they are, the control that
    shows what editing is for."""
    neighbours: int = inference_field(3, ge=1, le=1000)
    """Nearest tokens of the memory, a weighted mean of which takes the place of a token (LafitE's top K); all, if it
    holds fewer."""
    image_score: Literal["pooled", "map"] = inference_field("pooled")
    """The image's score: the largest mean of the error over a square of one cell of the grid (`pooled`), or taken from
    the smoothed map as the `scoring` section says (`map`)."""


register_detector(FeatureEditingSettings, "ura_study.detectors.feature_editing.network:FeatureEditing")
