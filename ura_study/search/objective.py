"""From what a variant's runs measured to the numbers by which a search compares variants.

Each run has one value: the average of the objective's metrics less the weighted penalties. A category has the mean of
its runs' values over seeds, and the variant what `over` makes of its categories: so a category weighs the same however
many of its seeds are in.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from ura_study.search.objective_config import LimitSettings, ObjectiveSettings

#: The numbers of a run by name; None where undefined.
Numbers = Mapping[str, float | None]
#: Category, seed and numbers of a run.
Row = tuple[str, int, Numbers]


class Undefined(Exception):
    """A number that an objective needs is not there; `str(error)` says which, on which category."""

    def __init__(self, metric: str, category: str, seed: int) -> None:
        super().__init__(f"{metric} is undefined on {category} (seed {seed})")
        self.metric = metric
        self.category = category
        self.seed = seed


def directions(objectives: Sequence[ObjectiveSettings]) -> list[Literal["maximize", "minimize"]]:
    """Return for each objective which way is better: `maximize` or `minimize`."""
    return ["minimize" if objective.minimizes else "maximize" for objective in objectives]


def value(objective: ObjectiveSettings, rows: Sequence[Row]) -> float:
    """Return a variant's value from its runs (at least one).

    Raises:
        Undefined: where a run lacks one of the numbers.
    """
    return _summary(rows, lambda row: run_value(objective, row), objective.over, lowest=not objective.minimizes)


def run_value(objective: ObjectiveSettings, row: Row) -> float:
    """Return the value of a single run.

    Raises:
        Undefined: where it lacks one of the numbers.
    """
    penalty = sum(weight * _number(row, name) for name, weight in objective.minus.items())
    return statistics.fmean(_number(row, name) for name in objective.metrics) - penalty


def constraints(objective: ObjectiveSettings, rows: Sequence[Row]) -> list[float]:
    """Return by how much a variant is beyond each limit, in the order of `constraint_names`; within it where <= 0.

    Raises:
        Undefined: where a run lacks one of the numbers.
    """
    beyond = []
    for name, limit in objective.subject_to.items():
        if limit.min is not None:
            beyond.append(limit.min - _limited(name, limit, rows, lowest=True))
        if limit.max is not None:
            beyond.append(_limited(name, limit, rows, lowest=False) - limit.max)
    return beyond


def constraint_names(objective: ObjectiveSettings) -> list[str]:
    """Return what each constraint says, e.g. `score_ms_per_image <= 20`."""
    names = []
    for name, limit in objective.subject_to.items():
        summary = name if limit.over == "mean" else f"{limit.over} {name}"
        names += [f"{summary} >= {limit.min:g}"] if limit.min is not None else []
        names += [f"{summary} <= {limit.max:g}"] if limit.max is not None else []
    return names


def _limited(name: str, limit: LimitSettings, rows: Sequence[Row], *, lowest: bool) -> float:
    return _summary(rows, lambda row: _number(row, name), limit.over, lowest=lowest)


def _number(row: Row, name: str) -> float:
    category, seed, numbers = row
    number = numbers.get(name)
    if number is None or not math.isfinite(number):
        raise Undefined(name, category, seed)
    return number


def _summary(rows: Sequence[Row], of: Callable[[Row], float], over: str, *, lowest: bool) -> float:
    """Return the categories' means over seeds as one number; the worst of them is the lowest or the highest."""
    by_category: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        by_category[row[0]].append(of(row))
    means = [statistics.fmean(values) for values in by_category.values()]
    if over == "mean":
        return statistics.fmean(means)
    if over == "median":
        return statistics.median(means)
    if over == "worst":
        return min(means) if lowest else max(means)
    return float(np.quantile(means, int(over.removeprefix("q")) / 100))
