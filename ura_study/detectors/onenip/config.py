"""The `model` section of a variant with `name: onenip`: a reconstruction that is asked for by one normal image."""

from __future__ import annotations

from typing import Literal

from ura_study.detectors.config import register_detector
from ura_study.detectors.uniad.config import MaskedTransformerSettings


class OneNIPSettings(MaskedTransformerSettings):
    """OneNIP (Gao, ECCV 2024): a masked transformer reconstructs an image's features from those of one normal image.

    It was made for one model of all categories (`data.unified`); each category then has a normal image of its own.
    With `restoration` or `refiner`, each step reads its images again, puts defects into them, and runs the backbone on
    what comes out.
    """

    effort = (*MaskedTransformerSettings.effort, "restoration", "refiner")

    name: Literal["onenip"] = "onenip"
    """Which detector this is."""
    restoration: bool = True
    """Whether the transformer also learns to turn images with synthetic defects back into what they were."""
    refiner: bool = True
    """Whether a network learns from synthetic defects to make a map four times as fine from the errors. Half of the
    score is then its own."""

    @property
    def synthesis(self) -> bool:
        """Whether images with synthetic defects are made in training."""
        return self.restoration or self.refiner


register_detector(OneNIPSettings, "ura_study.detectors.onenip.network:OneNIP")
