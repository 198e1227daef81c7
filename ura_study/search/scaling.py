"""Values of trials on a common scale: ranks or standard scores in each category and metric, before they are averaged.

A plain mean is decided by whatever varies most: a hard category, or the metric with the larger spread. On a common
scale each category and metric has the same say. Such a value depends on all trials that are compared, so it changes as
trials come in: Optuna's sampler and pruner are told the plain mean, and only the choice of the best follows the scale.

Legend: T trials, K categories, M metrics.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from ura_study.search.objective import Row, number, summary, value
from ura_study.search.objective_config import ObjectiveSettings

#: Attribute of an Optuna study: how its trials are scaled. Attribute of a trial: what is scaled.
SCALE, PARTS = "scale", "parts"


def scale_of(objective: ObjectiveSettings) -> dict[str, Any] | None:
    """Return what the Optuna study of a search keeps of its scale; None where values are compared as they are."""
    if objective.scale == "none":
        return None
    over = _mirrored(objective.over) if objective.minimizes else objective.over
    return {"scale": objective.scale, "minimizes": objective.minimizes, "over": over}


def worths(objective: ObjectiveSettings, variants: Sequence[Sequence[Row]]) -> list[float]:
    """Return the value of each variant from its runs, on the scale if the objective has one.

    Raises:
        Undefined: where a run lacks a number, or it is not finite.
    """
    if (how := scale_of(objective)) is not None:
        return scaled([parts(objective, rows) for rows in variants], how)
    return [value(objective, rows) for rows in variants]


def parts(objective: ObjectiveSettings, rows: Sequence[Row]) -> dict[str, list[float]]:
    """Return category → mean over its seeds of each metric of the objective.

    Raises:
        Undefined: where a run lacks a number, or it is not finite.
    """
    found: dict[str, list[list[float]]] = defaultdict(list)
    for row in rows:
        found[row[0]].append([number(row, name) for name in objective.metrics])
    return {
        category: [statistics.fmean(each) for each in zip(*seeds, strict=True)] for category, seeds in found.items()
    }


def scaled(trials: Sequence[Mapping[str, Sequence[float]]], how: Mapping[str, Any]) -> list[float]:
    """Return the value of each trial on the scale; larger is better, also where metrics are minimized.

    Ranks run from 0, the worst trial, to 1, the best; equal values share their mean rank, and a single trial has 1.
    A standard score is the distance from the trials' mean in standard deviations; 0 where all are equal.

    Args:
        trials: the `parts` of each, all of the same categories.
        how: `scale_of` the objective.

    Example:
        >>> both = [{"nut": [0.9, 0.2]}, {"nut": [0.8, 0.3]}, {"nut": [0.7, 0.4]}]
        >>> scaled(both, {"scale": "rank", "minimizes": False, "over": "mean"})
        [0.5, 0.5, 0.5]
    """
    if not trials:
        return []
    values = np.array([[each[category] for category in trials[0]] for each in trials])  # (T, K, M)
    values = -values if how["minimizes"] else values
    ranks = how["scale"] == "rank"
    by_category = (_ranked(values) if ranks else _standardised(values)).mean(axis=2)  # (T, K)
    return [summary(means, how["over"], lowest=True) for means in by_category.tolist()]


def _mirrored(over: str) -> str:
    """Return the summary of negated values that is `over` of the values themselves: q90 for q10."""
    return f"q{100 - int(over.removeprefix('q'))}" if over.startswith("q") else over


def _ranked(values: np.ndarray) -> np.ndarray:
    if len(values) == 1:
        return np.ones_like(values)
    return (rankdata(values, axis=0) - 1) / (len(values) - 1)


def _standardised(values: np.ndarray) -> np.ndarray:
    deviation = values.std(axis=0)
    equal = np.ptp(values, axis=0) == 0  # the deviation of equal values need not be 0 in floating point
    return np.where(equal, 0.0, (values - values.mean(axis=0)) / np.where(equal, 1.0, deviation))
