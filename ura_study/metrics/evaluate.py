"""All metrics of one run from its scores, maps and masks. Undefined is NaN with a reason, never 0 and never a guess.

What is decided here:
- Image labels come from the folders. An anomalous image with an all-black mask stays anomalous for the image metrics;
  its pixels are all normal for the pixel metrics.
- If any anomalous image has no mask, every pixel metric is undefined. Leaving such images out would give a number
  about an easier or harder part of the test set under the name of the whole; taking them for normal would be false.
- If a class is missing, every metric of that level is undefined, also AP and F1, which would be 1 without any merit.
- Arguments that contradict themselves (shapes, non-finite values, a defect drawn on a normal image) are errors.

Legend: N images of H x W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ura_study.metrics import checks
from ura_study.metrics.curves import precision_recall, pro, roc
from ura_study.metrics.names import IMAGE_METRICS, METRICS, PIXEL_METRICS
from ura_study.metrics.ranking import Curve, ap, auroc, f1_max, rank
from ura_study.metrics.regions import aupro, region_weights


@dataclass(frozen=True)
class Metrics:
    """The metrics of one run: a value for every name in `METRICS`, and why where the value is NaN."""

    values: dict[str, float]
    """Each in 0..1, or NaN where undefined; in the order of `METRICS`."""
    undefined: dict[str, str]
    """The reason for every NaN, such as "no normal test image"; the names are those of the NaN values."""
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    """Those of `metrics.curves` that exist, each (K,), by name."""

    def __or__(self, other: Metrics) -> Metrics:
        """Return these metrics and, after them, those of another."""
        return Metrics(self.values | other.values, self.undefined | other.undefined, self.curves | other.curves)


def evaluate(
    labels: np.ndarray,
    scores: np.ndarray,
    maps: np.ndarray | None,
    masks: checks.Masks,
    *,
    fpr_limit: float = 0.3,
) -> Metrics:
    """Evaluate one run on its whole test set.

    labels  (N,) bool, True is anomalous, from the folders
    scores  (N,) floating, finite; larger is more anomalous
    maps    (N, H, W) floating, finite; None where the detector gives none
    masks   N items, each (H, W) bool with True on defects, or None: all normal on a normal image, unknown on an
            anomalous one
    fpr_limit  where AUPRO stops, 0 < fpr_limit <= 1

    Raises ValueError where the arguments do not fit together or a value is not finite; see `checks`.
    """
    _check(labels, scores, maps, masks, fpr_limit)
    values = dict.fromkeys(METRICS, float("nan"))
    undefined: dict[str, str] = {}
    curves: dict[str, np.ndarray] = {}
    if reason := _image_reason(labels):
        undefined |= dict.fromkeys(IMAGE_METRICS, reason)
    else:
        curve = rank(labels, scores)
        values |= _ranking_values("image", curve)
        curves |= _ranking_curves("image", curve)
    if reason := _map_reason(labels, maps, masks):
        undefined |= dict.fromkeys(PIXEL_METRICS, reason)
        return Metrics(values, undefined, curves)
    truth = _stack(masks, maps.shape)
    if reason := _pixel_reason(truth):
        undefined |= dict.fromkeys(PIXEL_METRICS, reason)
        return Metrics(values, undefined, curves)
    curve, weights = rank(truth, maps), region_weights(truth)
    values |= _ranking_values("pixel", curve)
    values["pixel_aupro"] = aupro(curve, weights, fpr_limit)
    curves |= _ranking_curves("pixel", curve) | {"pixel_pro": pro(curve, weights, fpr_limit)}
    return Metrics(values, undefined, curves)


def _check(labels: np.ndarray, scores: np.ndarray, maps: np.ndarray | None, masks: checks.Masks, limit: float) -> None:
    checks.check_labels(labels)
    checks.check_scores(scores, len(labels))
    checks.check_mask_count(masks, len(labels))
    checks.check_normal_masks(labels, masks)
    checks.check_fpr_limit(limit)
    if maps is not None:
        checks.check_maps(maps, len(labels))
        checks.check_masks(masks, maps.shape[1:])


def _image_reason(labels: np.ndarray) -> str | None:
    """Say why there are no image metrics, if so."""
    if not labels.any():
        return "no anomalous test image"
    return "no normal test image" if labels.all() else None


def _map_reason(labels: np.ndarray, maps: np.ndarray | None, masks: checks.Masks) -> str | None:
    """Say why no pixel can be ranked or none has a known label, if so."""
    if maps is None:
        return "the detector gives no anomaly maps"
    if not labels.any():
        return "no anomalous test image"
    anomalous = np.flatnonzero(labels)
    missing = sum(masks[index] is None for index in anomalous)
    return f"{missing} of {len(anomalous)} anomalous test images have no mask" if missing else None


def _pixel_reason(truth: np.ndarray) -> str | None:
    """Say why there are no pixel metrics although all masks are known, if so."""
    if not truth.any():
        return "no anomalous pixel in any mask"
    return "no normal pixel in any test image" if truth.all() else None


def _stack(masks: checks.Masks, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the masks as one (N, H, W) bool array; no mask means no defect."""
    truth = np.zeros(shape, dtype=bool)
    for pixels, mask in zip(truth, masks, strict=True):
        if mask is not None:
            pixels[:] = mask
    return truth


def _ranking_values(level: str, curve: Curve) -> dict[str, float]:
    return {f"{level}_auroc": auroc(curve), f"{level}_ap": ap(curve), f"{level}_f1_max": f1_max(curve)[0]}


def _ranking_curves(level: str, curve: Curve) -> dict[str, np.ndarray]:
    return {f"{level}_roc": roc(curve), f"{level}_pr": precision_recall(curve)}
