"""Image metrics of variants on one category, with the uncertainty that comes from the choice of its test images.

All is computed from the stored scores of images (`details`). Pixel metrics cannot be: their maps are not stored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ura_study.results import delong, resampling
from ura_study.results.results import Results
from ura_study.runs.details import Details

NAN = (math.nan, math.nan)
#: Why a variant has no value on a category; the last: its test images are of one class.
NO_SCORES, UNLIKE, UNDEFINED = "no scores", "other images per seed", "undefined"


@dataclass(frozen=True)
class OnTestSet:
    """One image metric of one variant on one category, mean over seeds, and its difference from the baseline."""

    category: str
    variant: str
    normal: int = 0
    """Number of normal test images; `anomalous`: of anomalous ones."""
    anomalous: int = 0
    value: float = math.nan
    """0..1; NaN with a `trouble`."""
    interval: tuple[float, float] = NAN
    """95 %, of AUROC alone."""
    difference: float = math.nan
    """NaN for the baseline, and where the baseline has a `trouble` or other test images."""
    difference_interval: tuple[float, float] = NAN
    """95 %, paired over images."""
    p: float = math.nan
    """p-value of the paired DeLong test, of AUROC alone."""
    trouble: str = ""
    """Why there is no value."""


@dataclass(frozen=True, eq=False)
class Scored:
    """The scores of one variant's seeds on the same N test images, some of either class."""

    details: tuple[Details, ...]
    """One for each of S seeds."""

    @property
    def images(self) -> tuple[str, ...]:
        return self.details[0].images

    @property
    def anomalous(self) -> np.ndarray:
        """(N,) bool."""
        return self.details[0].anomalous

    @property
    def fewest(self) -> int:
        """Number of images in the smaller class."""
        return int(min(self.anomalous.sum(), (~self.anomalous).sum()))

    @property
    def scores(self) -> np.ndarray:
        """(S, N)."""
        return np.stack([one.scores for one in self.details])


def on_test_set(results: Results, metric: str) -> Iterator[OnTestSet]:
    """Yield one of `IMAGE_METRICS` of each variant, category by category; the baseline is the first of each category.

    Variants with the same runs as the baseline are left out.
    """
    ids, names = results.plan.ids, [variant.name for variant in results.plan.variants]
    others = [name for name in names if ids[name] != ids[results.baseline]]
    for category in results.plan.categories:
        base = scored(results, results.baseline, category)
        for variant in (results.baseline, *others):
            own = base if variant == results.baseline else scored(results, variant, category)
            if isinstance(own, str):
                yield OnTestSet(category, variant, trouble=own)
                continue
            paired = base if isinstance(base, Scored) and base is not own and base.images == own.images else None
            anomalous = int(np.count_nonzero(own.anomalous))
            normal = own.anomalous.size - anomalous
            yield OnTestSet(category, variant, normal, anomalous, **_judged(metric, own, paired))


def scored(results: Results, variant: str, category: str) -> Scored | str:
    """Return the scores of a variant on a category, or why they cannot be used."""
    found = [results.scores(variant, category, seed) for seed in results.plan.seeds]
    known = tuple(one for one in found if one is not None)
    if len(known) < len(found):
        return NO_SCORES
    if len({one.images for one in known}) > 1:
        return UNLIKE
    return Scored(known) if 0 < known[0].anomalous.sum() < len(known[0].images) else UNDEFINED


def _judged(metric: str, own: Scored, base: Scored | None) -> dict[str, Any]:
    """Return the fields of an `OnTestSet` that follow from the scores; `base` are those of the baseline, if paired."""
    if metric == "image_auroc":
        placed = _placed(own)
        found: dict[str, Any] = {"value": placed.auroc, "interval": delong.interval(placed)}
        if base is None:
            return found
        difference, low, high, p = delong.paired(_placed(base), placed)
        return found | {"difference": difference, "difference_interval": (low, high), "p": p}
    (value,), resampled = _resampled(metric, own)
    if base is None:
        return {"value": value}
    (level,), others = _resampled(metric, base)
    ends = resampling.interval(value - level, resampled - others, own.fewest)
    return {"value": value, "difference": value - level, "difference_interval": ends}


@lru_cache(maxsize=2)
def _placed(of: Scored) -> delong.Placements:
    return delong.placements(of.scores, of.anomalous)


@lru_cache(maxsize=2)
def _resampled(metric: str, of: Scored) -> tuple[np.ndarray, np.ndarray]:
    """Return a metric, mean over seeds, on the test images (1,) and on their resamples (B,)."""
    once, drawn = np.ones((1, of.anomalous.size), dtype=int), resampling.resamples(of.details[0].defects)
    return tuple(
        np.mean([resampling.measured(metric, scores, of.anomalous, counts) for scores in of.scores], axis=0)
        for counts in (once, drawn)
    )
