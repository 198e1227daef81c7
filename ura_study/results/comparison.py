"""Comparisons of variants with the baseline, paired over (category, seed).

The unit of intervals and tests is the category: differences are averaged over seeds first, so that each unit is
the mean difference on one category. Runs on one category share its test images and their peculiarities; if each seed
counted as a further observation, chance in few categories would look like evidence from many (Demšar, JMLR 2006, also
takes the data set as the unit). The question is whether the difference would hold on other categories of this kind. If
only one category has pairs, its seeds are the units, and the answer holds for that category alone. (With one model for
all categories, `data.unified`, all units share the chance effects of one training: more seeds, not more categories,
show how large these are.)

Nothing here is about the choice of test images; see `test_set`.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ura_study.results.equivalence import judged
from ura_study.results.statistics import ALPHA, LEAST_UNITS, interval, signed_rank

#: Decimals to which differences are rounded, so that equal scores have the difference 0.
DECIMALS = 12
PAIR = ["category", "seed"]


@dataclass(frozen=True)
class Comparison:
    """One metric of a variant minus that of the baseline, as fractions; numbers are NaN without any pair."""

    variant: str
    metric: str
    difference: float
    """Mean difference over units."""
    low: float
    high: float
    """`low` and `high`: the 95 % t interval of the mean; NaN for fewer than `LEAST_UNITS` units, or equal ones."""
    p: float
    """p-value of Wilcoxon's signed-rank test over units, exact and two-sided."""
    effect: float
    """Matched-pairs rank-biserial correlation, -1..1."""
    smallest_p: float
    """The smallest p-value that this number of units with a difference can give."""
    differing: int
    """Number of units whose difference is not zero; only these count in the test."""
    below: float
    """Probability that differences lie mostly below the region of practical equivalence; `within`: in it; `above`:
    above it (see `equivalence`). NaN for fewer than `LEAST_UNITS` units."""
    within: float
    above: float
    negligible: bool
    """Whether there is no practical difference."""
    unit: Literal["category", "seed"]
    units: int
    """Number of units."""
    pairs: int
    """Number of pairs that count."""
    failed: int
    """Number of pairs left out because a run failed; `missing`: because a run has no record; `undefined`: because the
    metric is undefined."""
    missing: int
    undefined: int
    changes: tuple[float | None, ...] = ()
    """The difference of each pair; None of a pair left out. Comparisons with equal ones are the same test."""
    corrected: float = math.nan
    """p-value after Holm's correction over the tests of the family (see `family`)."""
    smallest_corrected: float = math.nan
    """Holm's correction of `smallest_p` over them: no outcome gives a smaller `corrected`."""
    tests: int = 0
    """Number of distinct tests in the family."""
    elsewhere: bool = False
    """Whether the variant has other test images than the baseline; these comparisons are a family of their own."""
    run_ids: tuple[str, ...] = ()
    """Ids of the runs of all pairs that count, first those of the baseline, then those of the variant."""

    @property
    def significant(self) -> bool:
        """Whether the corrected p-value is below `ALPHA`."""
        return self.corrected < ALPHA

    @property
    def hopeless(self) -> bool:
        """Whether so few units differ that no outcome could be significant; false if no unit differs."""
        return self.differing > 0 and self.smallest_corrected >= ALPHA

    @property
    def excluded(self) -> int:
        """Number of pairs left out."""
        return self.failed + self.missing + self.undefined


def paired(base: pd.DataFrame, other: pd.DataFrame, metric: str, name: str, rope: float) -> Comparison:
    """Return the comparison of two variants by their rows of a grid, `other` minus `base`, without correction.

    `name` is the variant's name in the result, `rope` the largest difference, as a fraction, without practical meaning.
    A pair that only one side has counts as missing.
    """
    one, two = _aligned(base, other)
    states = np.array([rows["status"].to_numpy() for rows in (one, two)])  # (2, pairs)
    change = np.round(two[metric].to_numpy() - one[metric].to_numpy(), DECIMALS)
    failed = (states == "failed").any(axis=0)
    missing = (states == "missing").any(axis=0) & ~failed
    undefined = np.isnan(change) & ~failed & ~missing
    counted = ~(failed | missing | undefined)
    categories, seeds = (one[key].to_numpy()[counted] for key in PAIR)
    unit, differences = _by_unit(categories, seeds, change[counted])
    return Comparison(
        variant=name,
        metric=metric,
        **_tested(differences, rope),
        unit=unit,
        units=len(differences),
        pairs=int(counted.sum()),
        failed=int(failed.sum()),
        missing=int(missing.sum()),
        undefined=int(undefined.sum()),
        changes=tuple(value if counts else None for value, counts in zip(change.tolist(), counted, strict=True)),
        run_ids=(*one["run_id"].to_numpy()[counted], *two["run_id"].to_numpy()[counted]),
    )


def _aligned(base: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both with the same pairs in the same order; rows that only one side has get the status `missing`."""
    if all(np.array_equal(base[key].to_numpy(), other[key].to_numpy()) for key in PAIR):
        return base, other  # always so within one study; building indexes for 200 variants would be slow
    one, two = base.set_index(PAIR), other.set_index(PAIR)
    pairs = one.index.union(two.index, sort=False)
    one, two = (rows.reindex(pairs).reset_index().fillna({"status": "missing"}) for rows in (one, two))
    return one, two


def _by_unit(
    categories: np.ndarray, seeds: np.ndarray, changes: np.ndarray
) -> tuple[Literal["category", "seed"], np.ndarray]:
    """Return the kind of unit, and the mean change of each unit (units,), from arrays (pairs,)."""
    several = len(set(categories)) > 1
    units = categories if several else seeds
    means = [changes[units == one].mean() for one in dict.fromkeys(units)]
    return "category" if several else "seed", np.round(means, DECIMALS)


def _tested(differences: np.ndarray, rope: float) -> dict[str, Any]:
    """Return the fields of a comparison that follow from the differences (units,)."""
    unknown = dict.fromkeys(("below", "within", "above"), math.nan) | {"negligible": False}
    if len(differences) == 0:
        names = ("difference", "low", "high", "p", "effect", "smallest_p")
        return dict.fromkeys(names, math.nan) | {"differing": 0} | unknown
    (low, high), test = interval(differences), signed_rank(differences)
    found = {"difference": float(differences.mean()), "low": low, "high": high} | dataclasses.asdict(test) | unknown
    if len(differences) >= LEAST_UNITS:
        probabilities, sure = judged(differences, rope)
        found |= probabilities._asdict() | {"negligible": sure}
    return found
