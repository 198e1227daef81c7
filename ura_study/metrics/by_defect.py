"""The metrics of each kind of defect: its images against the same normal test images, without those of other kinds.

Image AUROC ranks the kind's images among all normal ones. Pixel AP and AUPRO take the pixels of the kind's images and
of the normal images; what is normal beside a defect counts as normal. A kind's numbers say which defects are missed,
which the numbers of the whole test set hide. They are no parts of it: AP depends on the share of anomalous pixels, so
those of different kinds are not on one scale.

The normal images' pixels, nearly all of them, are sorted once for all kinds.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ura_study.metrics.judged import Judged, Undefined
from ura_study.metrics.names import DEFECT_METRICS
from ura_study.metrics.ranking import ap, ascending, auroc, counted, rank, tiers
from ura_study.metrics.regions import aupro


@dataclass(frozen=True)
class OfDefect:
    """The metrics of one kind of defect."""

    images: int
    """Test images of this kind."""
    values: dict[str, float]
    """`DEFECT_METRICS`, each in 0..1; NaN where there is no normal test image, or no mask (see `evaluate`)."""


def by_defect(judged: Judged, defects: Sequence[str]) -> dict[str, OfDefect]:
    """Return the metrics of each kind among the N names `defects`, in alphabetical order; normal images have any name.

    Raises:
        ValueError: where there are not N names.
    """
    if len(defects) != len(judged.labels):
        raise ValueError(f"Expected {len(judged.labels)} kinds of defects but got {len(defects)}")
    named = np.array(defects, dtype=np.str_)
    chosen = {kind: (named == kind) & judged.labels for kind in sorted(set(named[judged.labels].tolist()))}
    return {kind: OfDefect(int(images.sum()), _values(judged, images)) for kind, images in chosen.items()}


def _values(judged: Judged, chosen: np.ndarray) -> dict[str, float]:
    """Return the metrics of the `chosen` (N,) bool anomalous images against the normal ones."""
    values = dict.fromkeys(DEFECT_METRICS, math.nan)
    with contextlib.suppress(Undefined):
        judged.check_both_classes()
        shown = chosen | ~judged.labels
        values["image_auroc"] = auroc(rank(judged.labels[shown], judged.scores[shown]))
    with contextlib.suppress(Undefined):
        values |= _pixels(judged, chosen)
    return values


def _pixels(judged: Judged, chosen: np.ndarray) -> dict[str, float]:
    areas = judged.region_areas[np.repeat(chosen, judged.defect_pixels)]
    if not areas.size:
        raise Undefined("no anomalous pixel in any mask")
    images = np.flatnonzero(chosen).tolist()
    beside = ascending(judged.pixels(images, anomalous=False))
    curve = counted(tiers(judged.pixels(images, anomalous=True)), [*judged.normal_pixels, *beside])
    return {"pixel_ap": ap(curve), "pixel_aupro": aupro(curve, areas, judged.fpr_limit)}
