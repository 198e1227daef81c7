"""A test set with the scores of a detector: the input of all metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ura_study.metrics import checks
from ura_study.metrics.ranking import Curve, rank, rank_sorted
from ura_study.metrics.regions import region_weights, rises
from ura_study.metrics.threshold import Confusion, confusion, threshold
from ura_study.metrics.threshold_config import THREE_SIGMA, ThresholdSettings

NORMAL = "no normal test image"


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
    held_out: np.ndarray | None = None
    """(M,) floating, the scores of normal images that were held out from training; None where none were."""
    rule: ThresholdSettings = THREE_SIGMA
    """How a threshold follows from them."""

    def __post_init__(self) -> None:
        checks.check_labels(self.labels)
        checks.check_scores(self.scores, len(self.labels))
        checks.check_mask_count(self.masks, len(self.labels))
        checks.check_normal_masks(self.labels, self.masks)
        checks.check_fpr_limit(self.fpr_limit)
        if self.held_out is not None:
            checks.check_scores(self.held_out, len(self.held_out))
        if self.maps is not None:
            checks.check_maps(self.maps, len(self.labels))
            checks.check_masks(self.masks, self.maps.shape[1:])

    @cached_property
    def image_curve(self) -> Curve:
        """The ranking of images by score.

        Raises:
            Undefined: where all images are normal, or all are anomalous.
        """
        self.check_both_classes()
        return rank(self.labels, self.scores)

    def check_both_classes(self) -> None:
        """Raise `Undefined` where all images are normal, or all are anomalous."""
        if not self.labels.any():
            raise Undefined("no anomalous test image")
        if self.labels.all():
            raise Undefined(NORMAL)

    @cached_property
    def confusion(self) -> Confusion:
        """How images are judged at the threshold that held-out normal images give.

        Raises:
            Undefined: where all images are normal or all are anomalous, or there are too few held-out normal images.
        """
        self.check_both_classes()
        if self.held_out is None or not len(self.held_out):
            raise Undefined("no normal image was held out to give a threshold (data.validation)")
        if self.rule.sigma is not None and len(self.held_out) == 1:
            raise Undefined("one held-out normal image has no standard deviation to give a threshold")
        return confusion(self.labels, self.scores, threshold(self.held_out, self.rule))

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
        parts = [self.normal_pixels] if not self.labels.all() else []
        return rank_sorted(self.anomalous_pixels, [*parts, self.beside(self.labels)])

    @cached_property
    def anomalous_pixels(self) -> np.ndarray:
        """(P,) values of the maps on defects, image by image; raises as `truth` does."""
        truth = self.truth
        assert self.maps is not None
        return self.maps[truth]

    @cached_property
    def pixel_images(self) -> np.ndarray:
        """(P,) int, the number of the image that each of them lies in; raises as `truth` does."""
        return np.repeat(np.arange(len(self.labels), dtype=np.int32), self.truth.sum(axis=(1, 2)))

    @cached_property
    def normal_pixels(self) -> np.ndarray:
        """(Q,) values of the maps of all normal images, ascending.

        Raises:
            Undefined: where there is no such image, or no map.
        """
        if self.maps is None:
            raise Undefined("the detector gives no anomaly maps")
        if self.labels.all():
            raise Undefined(NORMAL)
        pixels = self.maps[~self.labels].ravel()
        pixels.sort()
        return pixels

    def beside(self, chosen: np.ndarray) -> np.ndarray:
        """Return the values, ascending, of what is normal in the `chosen` (N,) bool images; raises as `truth` does."""
        normal = ~self.truth
        normal[~chosen] = False
        assert self.maps is not None
        pixels = self.maps[normal]
        pixels.sort()
        return pixels

    @cached_property
    def region_weights(self) -> np.ndarray:
        """What each anomalous pixel adds to the per-region overlap (see `metrics.regions`)."""
        return region_weights(self.truth)

    @cached_property
    def overlap_rises(self) -> np.ndarray:
        """By how much the mean overlap of regions rises at each threshold of `pixel_curve`, (T,)."""
        return rises(self.pixel_curve, self.region_weights)
