"""The metrics stage: the scores of images against their labels and masks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torch.nn import functional

from ura_study.data.checks.headers import common_shape
from ura_study.data.config import DataSettings
from ura_study.data.corruption import moved
from ura_study.data.fingerprint import file_digest
from ura_study.data.images import load_masks
from ura_study.data.resizing import regions, resized
from ura_study.data.table import Sample
from ura_study.metrics.borders import coverage
from ura_study.metrics.evaluate import Metrics, evaluate
from ura_study.metrics.names import UNCERTAINTY_METRICS
from ura_study.metrics.uncertainty import TokenMaps, evaluate_uncertainty
from ura_study.runs.stages.scoring import Scored
from ura_study.study.config import EvaluationSettings


@dataclass(frozen=True)
class Truth:
    """What is true of N images, at the size at which maps are judged."""

    labels: np.ndarray
    """(N,) bool, True where anomalous: from the folders, never from masks."""
    shape: tuple[int, int]
    masks: list[np.ndarray | None]
    """Of each image (*shape) bool, or None where there is no mask."""
    regions: int = 0
    """Regions of defects that the masks have at their own size."""
    defects: tuple[str, ...] = ()
    """Of each image the kind of its defect."""

    @property
    def counts(self) -> dict[str, int]:
        """What a record says of the regions: how many there are, and how many are left to be judged."""
        judged = sum(map(regions, self.masks))
        found = {"regions": self.regions, "regions_judged": judged} if self.regions else {}
        return found | {"normal_pixels": int(np.count_nonzero(~self.labels)) * self.shape[0] * self.shape[1]}


def truth_of(samples: Sequence[Sample], data: DataSettings) -> Truth:
    """Return labels and masks of images, at `eval_size`, as a corruption moves them.

    Raises:
        DataError: where a mask does not fit, or images of different sizes are to be judged at their own.
    """
    labels = np.array([sample.anomalous for sample in samples])
    size = data.eval_size or data.image_size
    shape = common_shape(samples) if size == "original" else (size, size)
    masks, count = [], 0
    for sample in samples:  # one by one: all at their own size may be large
        mask = load_masks(sample.masks, sample.path)
        count += regions(mask)
        masks.append(_like_its_image(mask, sample, data, None if size == "original" else size))
    return Truth(labels, shape, masks, count, tuple(sample.defect for sample in samples))


def as_seen(samples: Sequence[Sample], data: DataSettings, truth: Truth) -> list[np.ndarray | None]:
    """Return the masks of images at the size that the network sees; `truth` is what is known of them."""
    if (data.eval_size or data.image_size) == data.image_size:
        return truth.masks
    own = ((load_masks(sample.masks, sample.path), sample) for sample in samples)
    return [_like_its_image(mask, sample, data, data.image_size) for mask, sample in own]


def _like_its_image(mask: np.ndarray | None, sample: Sample, data: DataSettings, size: int | None) -> np.ndarray | None:
    """Return a mask resized, cut and moved as its image is; at its own size where `size` is None."""
    if mask is None:
        return None
    crop_from = data.crop_from and size and round(data.crop_from * size / data.image_size)
    mask = mask if size is None else resized(mask, size, crop_from)
    return moved(mask, data.corruption, file_digest(sample.path)) if data.corruption.corrupts else mask


def touched(masks: Sequence[np.ndarray | None], side: int) -> np.ndarray:
    """Return the tokens (N, side, side) bool that masks as seen touch: what an oracle knows. None touches nothing."""
    return coverage(filled(masks, np.ones(len(masks), bool)), side) > 0


def evaluate_run(
    scored: Scored,
    truth: Truth,
    settings: EvaluationSettings,
    also: Sequence[str] = (),
    held_out: np.ndarray | None = None,
) -> Metrics:
    """Return the metrics of scored images, those of plug-ins that are named (`also`) included.

    `held_out` (M,) are the scores of held-out normal images, which give the threshold.
    """
    return evaluate(
        truth.labels,
        scored.scores,
        enlarged(scored.maps, truth.shape),
        truth.masks,
        fpr_limit=settings.fpr_limit,
        held_out=held_out,
        rule=settings.threshold,
        also=also,
        defects=truth.defects,
    )


def marked(labels: np.ndarray, masks: Sequence[np.ndarray | None]) -> np.ndarray:
    """Return of which of N images the anomalous pixels are known (N,); of none where that is so of no anomalous one.

    On normal ones alone, nothing but a false alarm can be an error.
    """
    known = np.array([mask is not None or not label for mask, label in zip(masks, labels, strict=True)])
    return known & known[labels].any()


def evaluate_tokens(tokens: TokenMaps | None, labels: np.ndarray, masks: Sequence[np.ndarray | None]) -> Metrics:
    """Return `UNCERTAINTY_METRICS` on the test images whose anomalous pixels are known, for masks as seen."""
    known = marked(labels, masks)
    if tokens is not None and not known.any():
        reason = "no anomalous test image has a mask"
        return Metrics(dict.fromkeys(UNCERTAINTY_METRICS, math.nan), dict.fromkeys(UNCERTAINTY_METRICS, reason))
    return evaluate_uncertainty(None if tokens is None else tokens.of(known), filled(masks, known))[0]


def filled(masks: Sequence[np.ndarray | None], chosen: np.ndarray) -> np.ndarray:
    """Return the masks of the chosen (N,) bool images as one array, (n, H, H) bool; where there is none, nothing."""
    side = next((mask.shape[0] for mask in masks if mask is not None), 1)
    blank = np.zeros((side, side), bool)
    some = [blank if mask is None else mask for mask, keep in zip(masks, chosen, strict=True) if keep]
    return np.stack(some) if some else np.zeros((0, side, side), bool)


def enlarged(maps: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return maps (N, S, S) as (N, *shape), bilinear; the very same tensor where they are of this shape."""
    if maps.shape[1:] == shape:
        return maps
    large = maps.new_empty(len(maps), *shape)
    for image, result in zip(maps, large, strict=True):  # one by one, since some may be enlarged much
        result.copy_(functional.interpolate(image[None, None], size=shape, mode="bilinear", align_corners=False)[0, 0])
    return large
