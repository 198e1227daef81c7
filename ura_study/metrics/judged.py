"""A test set with the scores of a detector: the input of all metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ura_study.features.transfer import sent
from ura_study.metrics import checks
from ura_study.metrics.ranking import Curve, Gains, ascending, counted, rank, tiers
from ura_study.metrics.regions import region_areas, rises
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
    maps: Tensor | None
    """(N, H, W) floating, on the device that is to sort and count pixels; None where the detector gives none."""
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
            checks.check_masks(self.masks, tuple(self.maps.shape[1:]))

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
    def defect_pixels(self) -> np.ndarray:
        """(N,) int, the anomalous pixels of each image.

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
        counts = np.array([_count(mask) for mask in self.masks])
        if not counts.any():
            raise Undefined("no anomalous pixel in any mask")
        if counts.sum() == self.maps.numel():
            raise Undefined("no normal pixel in any test image")
        return counts

    @cached_property
    def truth(self) -> np.ndarray:
        """(N, H, W) bool: the masks of all images as one array; all False for an image without a defect.

        Raises:
            Undefined: as `defect_pixels` does.
        """
        anomalous = np.flatnonzero(self.defect_pixels).tolist()
        assert self.maps is not None
        truth = np.zeros(tuple(self.maps.shape), dtype=bool)
        for index in anomalous:
            truth[index] = self.masks[index]
        return truth

    @cached_property
    def pixel_curve(self) -> Curve:
        """The ranking of pixels by map.

        Raises:
            Undefined: as `defect_pixels` does.
        """
        anomalous = np.flatnonzero(self.defect_pixels).tolist()
        defects = tiers(self.pixels(anomalous, anomalous=True))  # first, while there is most room
        parts = [] if self.labels.all() else self.normal_pixels
        beside = ascending(self.pixels(np.flatnonzero(self.labels).tolist(), anomalous=False))
        return counted(defects, [*parts, *beside])

    @cached_property
    def normal_pixels(self) -> list[Tensor]:
        """Values of the maps of all normal images, as `ascending` sorts them.

        Raises:
            Undefined: where there is no such image, or no map.
        """
        if self.maps is None:
            raise Undefined("the detector gives no anomaly maps")
        if self.labels.all():
            raise Undefined(NORMAL)
        return ascending(self.pixels(np.flatnonzero(~self.labels).tolist(), anomalous=False))

    def pixels(self, images: Sequence[int], *, anomalous: bool) -> Tensor:
        """Return the values (K,) of what is anomalous, or of what is normal, in some images, one image after another.

        There must be maps. Of an image without a mask all pixels are normal.
        """
        assert self.maps is not None
        area = self.maps[0].numel()
        drawn = [_count(self.masks[image]) for image in images]
        counts = drawn if anomalous else [area - count for count in drawn]
        found = self.maps.new_empty(sum(counts))
        for image, place in zip(images, found.split(counts), strict=True):
            values = self.maps[image].flatten()
            if len(place) == area:
                place.copy_(values)
            elif len(place):  # which ones is known on the CPU, so that a GPU need not be asked how many there are
                chosen = torch.from_numpy(np.flatnonzero(self.masks[image] == anomalous))
                torch.index_select(values, 0, sent(chosen, values.device), out=place)
        return found

    @cached_property
    def region_areas(self) -> np.ndarray:
        """(P,) the area of the region of each anomalous pixel, image by image; raises as `defect_pixels` does."""
        masks = (self.masks[image] for image in np.flatnonzero(self.defect_pixels).tolist())
        return region_areas(mask for mask in masks if mask is not None)

    @cached_property
    def overlap_rises(self) -> Gains:
        """By how much the mean overlap of regions rises at each threshold of `pixel_curve`."""
        return rises(self.pixel_curve, self.region_areas)


def _count(mask: np.ndarray | None) -> int:
    """Return the number of anomalous pixels that a mask shows."""
    return 0 if mask is None else int(np.count_nonzero(mask))
