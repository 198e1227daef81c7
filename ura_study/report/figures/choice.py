"""The variants that a figure shows if it has no room for all: the baseline, and those that differ most from it."""

from __future__ import annotations

import math
from collections.abc import Collection

from ura_study.results.comparison import Comparison
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.study.plan import BASELINE
from ura_study.tables.asked import variants_of

#: Most variants of a figure in which each has a row.
MOST = 30
#: Most metrics with a figure each, with a panel each in one figure, and with a figure against latency.
METRICS, PANELS, FRONTS = 4, 4, 2


def strongest(comparisons: tuple[Comparison, ...], most: int = MOST) -> tuple[Comparison, ...]:
    """Return at most `most` comparisons, those with the largest absolute differences, in the given order.

    Comparisons without a number are chosen last.
    """
    ranked = sorted(comparisons, key=lambda c: -abs(c.difference) if not math.isnan(c.difference) else math.inf)
    kept = {c.variant for c in ranked[:most]}
    return tuple(c for c in comparisons if c.variant in kept)


def variants(results: Results, metric: str, most: int = MOST) -> tuple[str, ...]:
    """Return the names of at most `most` variants to show for a metric, in the order of the plan.

    If there are more, these are the baseline and the variants that differ most from it.
    """
    names = tuple(variant.name for variant in results.plan.variants)
    if len(names) <= most:
        return names
    kept = {results.baseline, *(c.variant for c in strongest(results.comparisons[metric], most - 1))}
    return tuple(name for name in names if name in kept)


def contrasted(results: Results, most: int) -> tuple[str, ...]:
    """Return the names of at most `most` variants to contrast, in the order of the plan.

    These are the baseline, `full` and the variants of `leave_one_out` and `add_one_in` ablations. A study without
    such an ablation has those that `variants` chooses by the first metric.
    """
    lacking = {
        variant.name
        for ablation in results.study.ablations.values()
        if ablation.leave_one_out or ablation.add_one_in
        for variant in variants_of(results, ablation)
    }
    if not lacking:
        return variants(results, results.metrics[0], most)
    names = [variant.name for variant in results.plan.variants]
    others = [name for name in names if name in lacking | {BASELINE} and name != results.baseline]
    kept = {results.baseline, *others[: most - 1]}
    return tuple(name for name in names if name in kept)


def unshown(results: Results, names: Collection[str]) -> str:
    """Return the sentence on how many variants are missing in a figure of `names`; "" if it has all."""
    count = len(results.plan.variants) - len(names)
    return f"{counted(count, 'other variant')} not shown." if count > 0 else ""


def left_out(count: int, word: str = "variant", kept: str = "those that differ most from the baseline") -> str:
    """Return the sentence on what is shown and how many others are left out; "" if `count` is 0."""
    return f"Shown are {kept}; {counted(count, f'more {word}')} left out." if count > 0 else ""
