"""From the measurements of a variant's runs to the values by which a search compares variants.

The value of a run is the mean of the objective's metrics minus the weighted penalties. The value of a category is the
mean over its seeds, and the value of the variant is the summary `over` its categories. So each category has the same
weight, however many of its seeds are finished.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from ura_study.search.objective_config import LimitSettings, ObjectiveSettings

#: Numbers of a run by name; None: undefined.
Numbers = Mapping[str, float | None]
#: Category, seed and numbers of a run.
Row = tuple[str, int, Numbers]


class Undefined(Exception):
    """A number that an objective needs is undefined; `str(error)` names it, its category and seed."""

    def __init__(self, metric: str, category: str, seed: int) -> None:
        super().__init__(f"{metric} is undefined on {category} (seed {seed})")
        self.metric = metric
        self.category = category
        self.seed = seed


def directions(objectives: Sequence[ObjectiveSettings]) -> list[Literal["maximize", "minimize"]]:
    """Return `maximize` or `minimize` for each objective."""
    return ["minimize" if objective.minimizes else "maximize" for objective in objectives]


def value(objective: ObjectiveSettings, rows: Sequence[Row]) -> float:
    """Return the value of a variant from its runs (at least one).

    Raises:
        Undefined: where a run lacks a number, or it is not finite.
    """
    return _summary(rows, lambda row: run_value(objective, row), objective.over, lowest=not objective.minimizes)


def run_value(objective: ObjectiveSettings, row: Row) -> float:
    """Return the value of one run.

    Raises:
        Undefined: where it lacks a number, or the number is not finite.
    """
    penalty = sum(weight * number(row, name) for name, weight in objective.minus.items())
    return statistics.fmean(number(row, name) for name in objective.metrics) - penalty


def constraints(objective: ObjectiveSettings, rows: Sequence[Row]) -> list[float]:
    """Return by how much a variant exceeds each limit, in the order of `constraint_names`; <= 0: within the limit.

    Raises:
        Undefined: where a run lacks a number, or it is not finite.
    """
    beyond = []
    for name, limit in objective.subject_to.items():
        if limit.min is not None:
            beyond.append(limit.min - _limited(name, limit, rows, lowest=True))
        if limit.max is not None:
            beyond.append(_limited(name, limit, rows, lowest=False) - limit.max)
    return beyond


def constraint_names(objective: ObjectiveSettings) -> list[str]:
    """Return each constraint as text, e.g. `score_ms_per_image <= 20`."""
    names = []
    for name, limit in objective.subject_to.items():
        summary = name if limit.over == "mean" else f"{limit.over} {name}"
        names += [f"{summary} >= {limit.min:g}"] if limit.min is not None else []
        names += [f"{summary} <= {limit.max:g}"] if limit.max is not None else []
    return names


def _limited(name: str, limit: LimitSettings, rows: Sequence[Row], *, lowest: bool) -> float:
    return _summary(rows, lambda row: number(row, name), limit.over, lowest=lowest)


def number(row: Row, name: str) -> float:
    """Return a number of a run by its name.

    Raises:
        Undefined: where the run lacks it, or it is not finite.
    """
    category, seed, numbers = row
    found = numbers.get(name)
    if found is None or not math.isfinite(found):
        raise Undefined(name, category, seed)
    return found


def _summary(rows: Sequence[Row], of: Callable[[Row], float], over: str, *, lowest: bool) -> float:
    """Return the `summary` of the categories' means over seeds."""
    by_category: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        by_category[row[0]].append(of(row))
    return summary([statistics.fmean(values) for values in by_category.values()], over, lowest=lowest)


def summary(means: Sequence[float], over: str, *, lowest: bool) -> float:
    """Return the summary `over` of categories' values; `lowest` tells whether the worst of them is the lowest."""
    if over == "mean":
        return statistics.fmean(means)
    if over == "median":
        return statistics.median(means)
    if over == "worst":
        return min(means) if lowest else max(means)
    return float(np.quantile(means, int(over.removeprefix("q")) / 100))
