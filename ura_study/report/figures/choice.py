"""Which variants a figure has room for: the baseline, and those that differ most from it."""

from __future__ import annotations

import math
from collections.abc import Collection

from ura_study.results.comparison import Comparison
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.study.plan import BASELINE
from ura_study.tables.ablation_tables import variants_of

#: Variants of a figure in which each has a row.
MOST = 30
#: Metrics of which a study has figures of their own, those that share one, and those shown against latency.
METRICS, PANELS, FRONTS = 4, 4, 2


def strongest(comparisons: tuple[Comparison, ...], most: int = MOST) -> tuple[Comparison, ...]:
    """Return at most so many comparisons, those of the greatest differences, in their order."""
    ranked = sorted(comparisons, key=lambda c: -abs(c.difference) if not math.isnan(c.difference) else math.inf)
    kept = {c.variant for c in ranked[:most]}
    return tuple(c for c in comparisons if c.variant in kept)


def variants(results: Results, metric: str, most: int = MOST) -> tuple[str, ...]:
    """Return the names of the variants to show of a metric, in the order of the plan."""
    names = tuple(variant.name for variant in results.plan.variants)
    if len(names) <= most:
        return names
    kept = {results.baseline, *(c.variant for c in strongest(results.comparisons[metric], most - 1))}
    return tuple(name for name in names if name in kept)


def contrasted(results: Results, most: int) -> tuple[str, ...]:
    """Return the baseline, `full` and the variants that lack a part, by name; without any, what `variants` does."""
    lacking = {
        variant.name
        for ablation in results.study.ablations.values()
        if ablation.leave_one_out is not None
        for variant in variants_of(results, ablation)
    }
    if not lacking:
        return variants(results, results.metrics[0], most)
    names = [variant.name for variant in results.plan.variants]
    others = [name for name in names if name in lacking | {BASELINE} and name != results.baseline]
    kept = {results.baseline, *others[: most - 1]}
    return tuple(name for name in names if name in kept)


def unshown(results: Results, names: Collection[str]) -> str:
    """Return the sentence about the variants that a figure of `names` has not; none where it has all."""
    count = len(results.plan.variants) - len(names)
    return f"{counted(count, 'other variant')} not shown." if count > 0 else ""


def left_out(count: int, word: str = "variant", kept: str = "those that differ most from the baseline") -> str:
    """Return the sentence about what is not shown; none where all is."""
    return f"Shown are {kept}; {counted(count, f'more {word}')} left out." if count > 0 else ""
