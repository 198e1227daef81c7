"""The interface of all detectors: learn from feature maps of normal images, then compute anomaly maps of others.

A detector is used in two stages; its `state_dict` is stored between them:

    fit      `prepare` once, then `losses` and an optimiser step, as many times as the training settings say
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
    """Output of a detector for B images on the feature grid of side S. Larger is more anomalous."""

    maps: Tensor
    """(B, S, S) float32, or a finer square, the anomaly map. Its unit is the detector's own; it may be negative."""
    probability: Tensor | None = None
    """(B, S, S), the mean probability of being anomalous, 0..1."""
    epistemic: Tensor | None = None
    """(B, S, S), epistemic uncertainty: variance of the probability over the posterior of the weights, 0..0.25."""
    aleatoric: Tensor | None = None
    """(B, S, S), aleatoric uncertainty: mean of p (1 − p) over the posterior of the weights, 0..0.25."""
    images: Tensor | None = None
    """(B,) image scores, if the detector computes its own; None: the scores are computed from the maps."""
    residual: Tensor | None = None
    """(B, S, S), if the detector restores: distance of each token from its restoration, normalised by normal images."""


class Detector(nn.Module, ABC):
    """A detector of C channels on an S × S grid. Every random draw comes from the generator that is passed in."""

    trains_by_gradient: bool = True
    """Whether the detector is trained by gradient descent on `losses`; if not, `prepare` is the whole fit."""
    oracle: bool = False
    """Whether `score` uses the ground truth, as a control that shows how much perfect perception would help."""

    @abstractmethod
    def prepare(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Set statistics and initial weights from the feature maps of the normal training images."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return the trained parameters in groups as in `torch.optim`: `params`, and options of AdamW if needed.

        `lr_factor` of a group multiplies the scheduled learning rate.
        """
        return [{"params": [p for p in self.parameters() if p.requires_grad]}]

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the loss of normal training images: `total`, which is minimised, and the terms it is the sum of.

        `progress` runs from 0 at the first step to 1.
        """
        raise NotImplementedError(f"{type(self).__name__} is not trained by gradient descent")

    def calibrate(self, train: FeatureMaps, generator: torch.Generator) -> None:
        """Compute from the normal training images what scoring needs besides the weights."""

    @abstractmethod
    def score(self, batch: Batch, known: Tensor | None = None) -> Scores:
        """Return the scores of images. No random draws: the result does not depend on how images are batched.

        Raises RuntimeError where the detector has not been calibrated.

        `known` (B, S, S) bool is the ground truth of each token, True where anomalous; only an `oracle` may use it.
        """

    @property
    def device(self) -> torch.device:
        """Where the detector's tensors are."""
        return next((t.device for t in (*self.parameters(), *self.buffers())), torch.device("cpu"))


def batches(train: FeatureMaps, size: int) -> list[list[int]]:
    """Return the indices of all images, in order, in lists of at most `size`."""
    return [list(range(start, min(start + size, len(train)))) for start in range(0, len(train), size)]
