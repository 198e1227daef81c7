"""Families of tests: the comparisons of one metric with one baseline, corrected over the tests that differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ura_study.results.comparison import Comparison, paired
from ura_study.results.names import counted
from ura_study.results.statistics import holm


def compare(grid: pd.DataFrame, metric: str, baseline: str, rope: float) -> tuple[Comparison, ...]:
    """Return the comparison of each variant with `baseline`, with corrected p-values.

    Variants with the same runs as the baseline are left out.

    Args:
        grid: a row per (variant, category, seed), see `frame.outcomes`.
        metric: a column of the grid.
        baseline: the name of a variant in the grid.
        rope: the largest difference, as a fraction, without practical meaning.
    """
    by_variant = dict(tuple(grid.groupby("variant", sort=False)))
    base = by_variant.pop(baseline)
    others = {str(name): rows for name, rows in by_variant.items() if list(rows.run_id) != list(base.run_id)}
    return corrected([paired(base, rows, metric, name, rope) for name, rows in others.items()])


def corrected(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Return the comparisons of one family with Holm's correction over its distinct tests.

    Comparisons with the same difference in every pair are one test: variants that differ only in what turns maps into
    image scores share their maps, hence all pixel metrics. A comparison without any difference is no test, and its p
    stays 1: given the sizes of differences, no signs of them could reject (Tarone, Biometrics 1990).
    """
    tests = {c.changes: c for c in comparisons if c.differing}
    p_values = holm(np.array([c.p for c in tests.values()]))
    smallest = holm(np.array([c.smallest_p for c in tests.values()]))
    by_test = dict(zip(tests, zip(p_values.tolist(), smallest.tolist(), strict=True), strict=True))
    found = []
    for c in comparisons:
        p, least = by_test.get(c.changes, (c.p, c.smallest_p))
        found.append(dataclasses.replace(c, corrected=p, smallest_corrected=least, tests=len(tests)))
    return tuple(found)


def told(comparisons: Sequence[Comparison]) -> list[str]:
    """Return sentences on the family: its number of tests, and which comparisons share one or are none."""
    if not comparisons:
        return []
    groups: dict[tuple[float | None, ...], list[str]] = {}
    for c in comparisons:
        if c.differing:
            groups.setdefault(c.changes, []).append(c.variant)
    shared = [f"Equal in every pair, hence one test: {', '.join(names)}." for names in groups.values() if names[1:]]
    none = [c.variant for c in comparisons if c.units and not c.differing]
    same = [f"Without a difference on any unit, hence no test: {', '.join(none)}."] if none else []
    return [
        f"Holm's correction is over {counted(comparisons[0].tests, 'distinct test')} of this metric.",
        *shared,
        *same,
    ]
