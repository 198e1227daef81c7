"""The pixels and the backbone behind feature maps, for detectors that need them in training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ura_study.features.backbone import Backbone
from ura_study.features.config import FeatureSettings


@dataclass(frozen=True)
class Origin:
    """The images of feature maps and the network that made them."""

    image: Callable[[int], np.ndarray]
    """Returns the image with a given number, (H, H, 3) uint8."""
    settings: FeatureSettings

    def layers(self, images: Tensor, device: torch.device) -> tuple[Tensor, ...]:
        """Return the maps (B, C_l, H_l, W_l) of images (B, H, H, 3) uint8, float32 on `device`, without gradient."""
        return tuple(maps.float() for maps in _live(self.settings, device)(images.cpu().numpy()))


@lru_cache(maxsize=1)
def _live(settings: FeatureSettings, device: torch.device) -> Backbone:
    """Return the backbone; the last one is cached, since training may need it at every step."""
    return Backbone(settings, settings.layers, device)
