"""Features of images that are asked for again and again, as in training: each image is pooled only once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from ura_study.features.transfer import sent


class Pooled:
    """The features (N, C, S, S) float32 of N images, as far as they were asked for, on the device that asked first."""

    def __init__(self, count: int) -> None:
        self._known = np.zeros(count, dtype=bool)
        self._features: Tensor | None = None

    def features(self, index: Sequence[int], pool: Callable[[Sequence[int]], Tensor], device: torch.device) -> Tensor:
        """Return the features (B, C, S, S) of the images `index`; `pool` computes those of images not known yet."""
        if self._features is not None and self._features.device.type != device.type:
            return pool(index)
        missing = [image for image in dict.fromkeys(index) if not self._known[image]]
        if self._features is None or missing:
            self._features = self._with(missing, pool(missing))
        return self._features[sent(torch.tensor(index, dtype=torch.long), device)]

    def _with(self, index: Sequence[int], features: Tensor) -> Tensor:
        with torch.no_grad(), torch.inference_mode(False):  # who asks later may need gradients
            kept = self._features
            if kept is None:
                kept = features.new_empty(len(self._known), *features.shape[1:])
            kept[sent(torch.tensor(index, dtype=torch.long), features.device)] = features
        self._known[list(index)] = True
        return kept
