"""From the `model` section of a variant to the detector."""

from __future__ import annotations

from ura_study.detectors.base import Detector
from ura_study.detectors.patchcore.config import PatchCoreSettings
from ura_study.detectors.uranet.config import URANetSettings


def build_detector(settings: URANetSettings | PatchCoreSettings, channels: int, map_size: int) -> Detector:
    """Return the detector for features of `channels` channels on a grid of side `map_size`, not yet prepared."""
    if settings.name == "patchcore":
        from ura_study.detectors.patchcore.memory import PatchCore

        return PatchCore(settings, channels)
    from ura_study.detectors.uranet.network import URANet

    return URANet(settings, channels, map_size)
