"""What every detector can do: take feature maps of normal images, then give anomaly maps of others.

The life of a detector has two stages, and what is stored between them is its `state_dict`:

    fit      `prepare` once, then `losses` and a step of the optimiser as often as the training settings say
    score    `calibrate` once, then `score` for any images, in batches of any size

The state of a calibrated detector is all that scoring needs, so it can be saved and loaded elsewhere. Settings marked
`inference_field` may be read only by `calibrate` and `score`, so the weights do not depend on them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ura_study.features.batch import Batch
from ura_study.features.maps import FeatureMaps


@dataclass(frozen=True)
class Scores:
    """What a detector says of B images on the feature grid of side S. Larger is more anomalous."""

    maps: Tensor
    """(B, S, S) float32, the anomaly map. Its unit is the detector's own; it may be negative."""
    probability: Tensor | None = None
    """(B, S, S), the mean probability of being anomalous, 0..1."""
    epistemic: Tensor | None = None
    """(B, S, S), the part of that probability's variance that comes from not knowing the weights, 0..0.25."""
    aleatoric: Tensor | None = None
    """(B, S, S), the part that any one set of weights has left, 0..0.25."""
    images: Tensor | None = None
    """(B,), only of a detector with an image score of its own; else the score is taken from the map."""
    residual: Tensor | None = None
    """(B, S, S), of a detector that restores: how far each token moved, in units of what is usual in normal images."""


class Detector(nn.Module, ABC):
    """A detector of C channels on an S × S grid. Every random draw comes from the generator that is passed in."""

    trains_by_gradient: bool = True
    """Whether there are `losses` to descend; if not, `prepare` is the whole fit."""
    oracle: bool = False
    """Whether `score` asks what is anomalous in truth, to show what knowing it would buy."""

    @abstractmethod
    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Set statistics and initial weights from the feature maps of the normal training images."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return what is trained, in groups as `torch.optim` has them: `params`, and options of AdamW if need be.

        `lr_factor` of a group multiplies the learning rate of the training settings and its schedule.
        """
        return [{"params": [p for p in self.parameters() if p.requires_grad]}]

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return `total`, which is descended, and the terms it is made of, of normal training images.

        `progress` runs from 0 at the first step to 1.
        """
        raise NotImplementedError(f"{type(self).__name__} is not trained by gradient descent")

    def calibrate(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Set what scoring needs to know of the normal training images beyond the weights."""

    @abstractmethod
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the scores of images. Draws nothing: the batch an image is in does not matter.

        Raises RuntimeError where the detector has not been calibrated.

        `known` (B, S, S) bool are the tokens that are anomalous in truth; only an `oracle` may look at them.
        """

    @property
    def device(self) -> torch.device:
        """Where the detector's tensors are."""
        return next((t.device for t in (*self.parameters(), *self.buffers())), torch.device("cpu"))


def batches(train: FeatureMaps, size: int) -> list[list[int]]:
    """Return the indices of all images, in order, in lists of at most `size`."""
    return [list(range(start, min(start + size, len(train)))) for start in range(0, len(train), size)]
