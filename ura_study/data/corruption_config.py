"""The `data.corruption` section: how test images are corrupted."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.settings import Settings

Kind = Literal[
    "none",
    "brightness",
    "contrast",
    "gaussian_blur",
    "defocus_blur",
    "gaussian_noise",
    "jpeg_compression",
    "rotation",
    "shift",
]


class CorruptionSettings(Settings):
    """A corruption of the test images; those that are trained on, calibrated on or held out stay as they are."""

    kind: Kind = "none"
    """What is done: `brightness` to `jpeg_compression` as in ImageNet-C (Hendrycks & Dietterich, ICLR 2019), `rotation`
    by 1, 2, 4, 7 or 10 degrees, `shift` by 1, 2, 4, 7 or 10 % of the side in both directions. Masks are turned and
    shifted with their images."""
    severity: int = Field(3, ge=1, le=5)
    """From 1, slight, to 5."""

    @property
    def corrupts(self) -> bool:
        """Whether anything is done."""
        return self.kind != "none"
