"""A test set with the scores of a detector: the input of all metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ura_study.metrics import checks
from ura_study.metrics.ranking import Curve, rank
from ura_study.metrics.regions import region_weights


class Undefined(Exception):
    """A metric has no value here; `str(error)` says why, such as "no normal test image"."""


@dataclass(frozen=True, eq=False)
class Judged:
    """N test images with ground truth and scores. Intermediate results that several metrics need are computed once.

    Raises `ValueError` where the arrays do not fit together or a value is not finite (`metrics.checks`).
    """

    labels: np.ndarray
    """(N,) bool, True is anomalous: by the folder of the image, never by its mask."""
    scores: np.ndarray
    """(N,) floating; larger is more anomalous."""
    maps: np.ndarray | None
    """(N, H, W) floating; None where the detector gives none."""
    masks: checks.Masks
    """N items, each (H, W) bool with True on defects, or None: unknown if the image is anomalous, else no defect."""
    fpr_limit: float = 0.3
    """False positive rate up to which AUPRO is integrated, 0 < fpr_limit <= 1."""

    def __post_init__(self) -> None:
        checks.check_labels(self.labels)
        checks.check_scores(self.scores, len(self.labels))
        checks.check_mask_count(self.masks, len(self.labels))
        checks.check_normal_masks(self.labels, self.masks)
        checks.check_fpr_limit(self.fpr_limit)
        if self.maps is not None:
            checks.check_maps(self.maps, len(self.labels))
            checks.check_masks(self.masks, self.maps.shape[1:])

    @cached_property
    def image_curve(self) -> Curve:
        """The ranking of images by score.

        Raises:
            Undefined: where all images are normal, or all are anomalous.
        """
        if not self.labels.any():
            raise Undefined("no anomalous test image")
        if self.labels.all():
            raise Undefined("no normal test image")
        return rank(self.labels, self.scores)

    @cached_property
    def truth(self) -> np.ndarray:
        """(N, H, W) bool: the masks of all images as one array; all False for an image without a defect.

        Raises:
            Undefined: where the label of some pixel is unknown, or all pixels are normal, or all are anomalous.
        """
        if self.maps is None:
            raise Undefined("the detector gives no anomaly maps")
        if not self.labels.any():
            raise Undefined("no anomalous test image")
        anomalous = np.flatnonzero(self.labels).tolist()
        if missing := sum(self.masks[index] is None for index in anomalous):
            raise Undefined(f"{missing} of {len(anomalous)} anomalous test images have no mask")
        truth = np.zeros(self.maps.shape, dtype=bool)
        for pixels, mask in zip(truth, self.masks, strict=True):
            if mask is not None:
                pixels[:] = mask
        if not truth.any():
            raise Undefined("no anomalous pixel in any mask")
        if truth.all():
            raise Undefined("no normal pixel in any test image")
        return truth

    @cached_property
    def pixel_curve(self) -> Curve:
        """The ranking of pixels by map.

        Raises:
            Undefined: as `truth` does.
        """
        truth = self.truth
        assert self.maps is not None
        return rank(truth, self.maps)

    @cached_property
    def region_weights(self) -> np.ndarray:
        """What each anomalous pixel adds to the per-region overlap (see `metrics.regions`)."""
        return region_weights(self.truth)
