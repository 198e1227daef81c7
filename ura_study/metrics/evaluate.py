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

import contextlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from ura_study.metrics import checks
from ura_study.metrics.aupimo import aupimo
from ura_study.metrics.by_defect import OfDefect, by_defect
from ura_study.metrics.curves import precision_recall, pro, roc
from ura_study.metrics.judged import Judged, Undefined
from ura_study.metrics.names import METRICS, METRICS_BY_NAME
from ura_study.metrics.ranking import ap, area_under, auroc, f1_max, recall_gains
from ura_study.metrics.threshold_config import THREE_SIGMA, ThresholdSettings


@dataclass(frozen=True)
class Metrics:
    """The metrics of one run: a value for every name, and the reason if it is NaN."""

    values: dict[str, float]
    """Each in 0..1, or NaN where undefined; in the order of `METRICS`, then further ones."""
    undefined: dict[str, str]
    """The reason for every NaN, such as "no normal test image"; the names are those of the NaN values."""
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    """The curves of `metrics.curves` that are defined, each (K,), by name."""
    defects: dict[str, OfDefect] = field(default_factory=dict)
    """The metrics of each kind of defect, by its name; empty where kinds were not given."""

    def __or__(self, other: Metrics) -> Metrics:
        """Return these metrics and, after them, those of another."""
        return Metrics(
            self.values | other.values,
            self.undefined | other.undefined,
            self.curves | other.curves,
            self.defects | other.defects,
        )


def evaluate(
    labels: np.ndarray,
    scores: np.ndarray,
    maps: Tensor | None,
    masks: checks.Masks,
    *,
    fpr_limit: float = 0.3,
    held_out: np.ndarray | None = None,
    rule: ThresholdSettings = THREE_SIGMA,
    also: Iterable[str] = (),
    defects: Sequence[str] = (),
) -> Metrics:
    """Evaluate one run on its whole test set.

    Args:
        labels, and the arguments after it: the fields of `Judged`.
        also: names of metrics to compute beside `METRICS`, e.g. those of plug-ins.
        defects: the kind of defect of each image, where metrics of each kind are wanted.

    Raises:
        ValueError: where the arguments do not fit together, a value is not finite, or a metric gives no number in 0..1.
    """
    judged = Judged(labels, scores, maps, masks, fpr_limit, held_out, rule)
    values, undefined = {}, {}
    for name in (*METRICS, *also):
        try:
            values[name] = _share(name, METRICS_BY_NAME.get(name).measure(judged))
        except Undefined as reason:
            values[name], undefined[name] = math.nan, str(reason)
    return Metrics(values, undefined, _curves(judged), by_defect(judged, defects) if defects else {})


def _share(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"metric {name}: expected a number in 0..1 (or Undefined raised), but got {value}")
    return float(value)


def _curves(judged: Judged) -> dict[str, np.ndarray]:
    """Return the curves of the levels whose metrics are defined."""
    found: dict[str, np.ndarray] = {}
    with contextlib.suppress(Undefined):
        curve = judged.image_curve
        found |= {"image_roc": roc(curve, recall_gains(curve)), "image_pr": precision_recall(curve)}
    with contextlib.suppress(Undefined):
        curve = judged.pixel_curve
        found |= {"pixel_roc": roc(curve, recall_gains(curve)), "pixel_pr": precision_recall(curve)}
        found["pixel_pro"] = pro(curve, judged.overlap_rises, judged.fpr_limit)
    return found


def image_auroc(judged: Judged) -> float:
    return auroc(judged.image_curve)


def image_ap(judged: Judged) -> float:
    return ap(judged.image_curve)


def image_f1_max(judged: Judged) -> float:
    return f1_max(judged.image_curve)[0]


def image_f1_at_threshold(judged: Judged) -> float:
    return judged.confusion.f1


def image_fpr_at_threshold(judged: Judged) -> float:
    return judged.confusion.fpr


def image_recall_at_threshold(judged: Judged) -> float:
    return judged.confusion.recall


def pixel_auroc(judged: Judged) -> float:
    return auroc(judged.pixel_curve)


def pixel_ap(judged: Judged) -> float:
    return ap(judged.pixel_curve)


def pixel_f1_max(judged: Judged) -> float:
    return f1_max(judged.pixel_curve)[0]


def pixel_aupro(judged: Judged) -> float:
    return area_under(judged.pixel_curve, judged.overlap_rises, judged.fpr_limit)


def pixel_aupro_5(judged: Judged) -> float:
    return area_under(judged.pixel_curve, judged.overlap_rises, 0.05)


def pixel_aupro_1(judged: Judged) -> float:
    return area_under(judged.pixel_curve, judged.overlap_rises, 0.01)


def pixel_aupimo(judged: Judged) -> float:
    images = np.flatnonzero(judged.defect_pixels)  # first: its reasons are those of all pixel metrics
    return aupimo(judged.normal_pixels, (judged.pixels([image], anomalous=True) for image in images.tolist()))
