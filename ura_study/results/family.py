"""Families of tests: the comparisons of one metric with one baseline, corrected over the tests that differ.

Variants that are tested on other images than the baseline, say on corrupted ones, answer a question of their own (what
does the change of images cost?), so they are a family of their own: fifty of them must not hide what a part buys.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd

from ura_study.results.comparison import Comparison, paired
from ura_study.results.names import counted
from ura_study.results.statistics import holm


def compare(
    grid: pd.DataFrame, metric: str, baseline: str, rope: float, elsewhere: Collection[str] = ()
) -> tuple[Comparison, ...]:
    """Return the comparison of each variant with `baseline`, with corrected p-values.

    Variants with the same runs as the baseline are left out.

    Args:
        grid: a row per (variant, category, seed), see `frame.outcomes`.
        metric: a column of the grid.
        baseline: the name of a variant in the grid.
        rope: the largest difference, as a fraction, without practical meaning.
        elsewhere: names of the variants that are tested on other images than the baseline.
    """
    by_variant = dict(tuple(grid.groupby("variant", sort=False)))
    base = by_variant.pop(baseline)
    others = {str(name): rows for name, rows in by_variant.items() if list(rows.run_id) != list(base.run_id)}
    found = [paired(base, rows, metric, name, rope) for name, rows in others.items()]
    apart = [dataclasses.replace(c, elsewhere=True) for c in found if c.variant in elsewhere]
    families = (corrected([c for c in found if c.variant not in elsewhere]), corrected(apart))
    by_name = {c.variant: c for family in families for c in family}
    return tuple(by_name[name] for name in others)


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


def families(comparisons: Sequence[Comparison]) -> list[tuple[Comparison, ...]]:
    """Return the comparisons by family: those on the baseline's test images, then those on others."""
    both = (tuple(c for c in comparisons if c.elsewhere == elsewhere) for elsewhere in (False, True))
    return [family for family in both if family]


def told(comparisons: Sequence[Comparison]) -> list[str]:
    """Return sentences on each family: its number of tests, and which comparisons share one or are none."""
    return [line for family in families(comparisons) for line in _told(family)]


def _told(family: Sequence[Comparison]) -> Iterator[str]:
    tests = counted(family[0].tests, "distinct test")
    if family[0].elsewhere:
        variants = counted(len(family), "variant")
        yield f"{variants} on other test images than the baseline: a family of its own, corrected over {tests}."
    else:
        yield f"Holm's correction is over {tests} of this metric."
    groups: dict[tuple[float | None, ...], list[str]] = {}
    for c in family:
        if c.differing:
            groups.setdefault(c.changes, []).append(c.variant)
    for names in groups.values():
        if names[1:]:
            yield f"Equal in every pair, hence one test: {', '.join(names)}."
    none = [c.variant for c in family if c.units and not c.differing]
    if none:
        yield f"Without a difference on any unit, hence no test: {', '.join(none)}."
