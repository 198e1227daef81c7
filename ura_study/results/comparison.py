"""Variants against the baseline, paired over (category, seed).

What is resampled and tested is the category: differences are averaged over seeds first, so a unit is a category's mean
difference. Runs of one category share their test images and what is peculiar to them; counting each seed as one more
observation would make chance in few categories look like evidence from many (Demšar, JMLR 2006, likewise takes the
data set as the unit). The question is then whether the difference would hold on other categories of this kind. Where
only one category has pairs, the units are its seeds, and the answer is about that category alone. (With one model for
all categories, `data.unified`, what chance did to its training is common to all units: more seeds, not more
categories, tell how large that is.)
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ura_study.results.statistics import ALPHA, holm, interval, signed_rank

#: Decimals of a difference that are kept: scores that are equal must not differ by rounding.
DECIMALS = 12
PAIR = ["category", "seed"]


@dataclass(frozen=True)
class Comparison:
    """One metric of a variant minus that of the baseline (fractions); NaN where no pair is left."""

    variant: str
    metric: str
    difference: float
    """Mean over units."""
    low: float
    high: float
    """The 95 % bootstrap interval of the mean; NaN for too few units."""
    p: float
    """Wilcoxon's signed-rank test over units, exact and two-sided."""
    effect: float
    """Matched-pairs rank-biserial correlation, -1..1."""
    smallest_p: float
    """The least p that so many units can give."""
    differing: int
    """Units whose difference is not zero: only these count in the test."""
    unit: Literal["category", "seed"]
    units: int
    pairs: int
    failed: int
    """Pairs left out since a run failed; `missing` since one has no record; `undefined` since a metric is undefined."""
    missing: int
    undefined: int
    corrected: float = math.nan
    """p after Holm's correction over the variants that are compared."""
    smallest_corrected: float = math.nan
    """The least corrected p that these variants could have got."""
    run_ids: tuple[str, ...] = ()
    """The runs of all pairs that count, the baseline's and the variant's."""

    @property
    def significant(self) -> bool:
        return self.corrected < ALPHA

    @property
    def hopeless(self) -> bool:
        """Whether so few units differ that no outcome could have been significant."""
        return self.differing > 0 and self.smallest_corrected >= ALPHA

    @property
    def excluded(self) -> int:
        return self.failed + self.missing + self.undefined


def compare(grid: pd.DataFrame, metric: str, baseline: str) -> tuple[Comparison, ...]:
    """Return each variant of a grid (see `frame.outcomes`) against `baseline`, p-values corrected over the variants.

    Variants that are the baseline under another name, run for run, are left out.
    """
    by_variant = dict(tuple(grid.groupby("variant", sort=False)))
    base = by_variant.pop(baseline)
    others = {name: rows for name, rows in by_variant.items() if list(rows.run_id) != list(base.run_id)}
    return corrected([paired(base, rows, metric, name) for name, rows in others.items()])


def corrected(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Return comparisons of one family with Holm's correction applied."""
    p_values = holm(np.array([c.p for c in comparisons]))
    smallest = holm(np.array([c.smallest_p for c in comparisons]))
    return tuple(
        dataclasses.replace(c, corrected=float(p), smallest_corrected=float(least))
        for c, p, least in zip(comparisons, p_values, smallest, strict=True)
    )


def paired(base: pd.DataFrame, other: pd.DataFrame, metric: str, name: str) -> Comparison:
    """Return one comparison of rows of a grid, `other` minus `base`, without correction."""
    one, two = _aligned(base, other)
    states = np.array([rows["status"].to_numpy() for rows in (one, two)])  # (2, pairs)
    change = two[metric].to_numpy() - one[metric].to_numpy()
    failed = (states == "failed").any(axis=0)
    missing = (states == "missing").any(axis=0) & ~failed
    undefined = np.isnan(change) & ~failed & ~missing
    counted = ~(failed | missing | undefined)
    unit, differences = _by_unit(*(one[key].to_numpy()[counted] for key in PAIR), change[counted])
    return Comparison(
        variant=name,
        metric=metric,
        **_tested(differences),
        unit=unit,
        units=len(differences),
        pairs=int(counted.sum()),
        failed=int(failed.sum()),
        missing=int(missing.sum()),
        undefined=int(undefined.sum()),
        run_ids=(*one["run_id"].to_numpy()[counted], *two["run_id"].to_numpy()[counted]),
    )


def _aligned(base: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both with the same pairs in the same order; what only the other has is missing in it."""
    if all(np.array_equal(base[key].to_numpy(), other[key].to_numpy()) for key in PAIR):
        return base, other  # as always within one study: an index for each of 200 variants would take most of the time
    one, two = base.set_index(PAIR), other.set_index(PAIR)
    pairs = one.index.union(two.index, sort=False)
    one, two = (rows.reindex(pairs).reset_index().fillna({"status": "missing"}) for rows in (one, two))
    return one, two


def _by_unit(
    categories: np.ndarray, seeds: np.ndarray, changes: np.ndarray
) -> tuple[Literal["category", "seed"], np.ndarray]:
    """Return what the units are, and the mean change of each (units,), from arrays (pairs,)."""
    unit, units = ("category", categories) if len(set(categories)) > 1 else ("seed", seeds)
    means = [changes[units == one].mean() for one in dict.fromkeys(units)]
    return unit, np.round(means, DECIMALS)


def _tested(differences: np.ndarray) -> dict[str, float]:
    if len(differences) == 0:
        return dict.fromkeys(("difference", "low", "high", "p", "effect", "smallest_p"), math.nan) | {"differing": 0}
    (low, high), test = interval(differences), signed_rank(differences)
    return {"difference": float(differences.mean()), "low": low, "high": high} | dataclasses.asdict(test)
