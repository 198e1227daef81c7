"""From the `model` section of a variant to the detector."""

from __future__ import annotations

from ura_study.detectors.base import Detector
from ura_study.detectors.config import DETECTORS, DetectorSettings


def build_detector(settings: DetectorSettings, channels: int, map_size: int) -> Detector:
    """Return the detector for features of `channels` channels on a grid of side `map_size`, not yet prepared."""
    return DETECTORS.get(settings.name).build(settings, channels, map_size)
