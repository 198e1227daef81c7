"""The `search.objective` section: what makes one variant better than another.

In YAML a metric's name alone, a mapping, or a list of these for several objectives at once:

    objective: val_pixel_aupro
    objective: {mean: [val_image_auroc, val_pixel_aupro], over: worst}
    objective: {metric: val_pixel_aupro, subject_to: {score_ms_per_image: {max: 20}}}
    objective: [val_pixel_aupro, {metric: score_ms_per_image, direction: minimize}]
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ura_study.errors import nearest
from ura_study.metrics.names import METRICS_BY_NAME, VALIDATION, better, reportable
from ura_study.settings import List, Settings

#: What a run costs; less is better.
RESOURCES = ("fit_seconds", "score_ms_per_image", "parameters")
OVERS = ("mean", "median", "worst")

Weight = Annotated[float, Field(gt=0)]


def known_number(name: str) -> str:
    """Return the name of a number of a run, or raise a `ValueError` with the nearest."""
    if not (reportable(name) or name in RESOURCES):
        bare = METRICS_BY_NAME.names()
        known = [*bare, *(f"{VALIDATION}{metric}" for metric in bare), *RESOURCES]
        raise ValueError(f"unknown metric '{name}'{nearest(name, known)}")
    return name


def known_over(over: str) -> str:
    """Return a way to summarise categories, or raise a `ValueError`."""
    if over not in OVERS and not re.fullmatch("q[1-9][0-9]?", over):
        raise ValueError(f"expected one of {', '.join(OVERS)}, or a quantile such as q10, but got '{over}'")
    return over


def _way(name: str) -> int:
    """Return 1 where more of a number is better, -1 where less is, 0 where neither."""
    return -1 if name in RESOURCES else better(name)


class LimitSettings(Settings):
    """Bounds of a number, as it is over all categories; a variant that leaves them is not eligible."""

    min: float | None = None
    """Smallest admissible value."""
    max: float | None = None
    """Largest admissible value."""
    over: str = "mean"
    """Of the categories' means over seeds: their mean, median, quantile (q10: 10 %), or the one nearest the bound."""

    _over = field_validator("over")(known_over)

    @model_validator(mode="after")
    def _bounded(self) -> LimitSettings:
        if self.min is None and self.max is None:
            raise ValueError("a limit needs min or max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min <= max must hold, but got {self.min} and {self.max}")
        return self


class ObjectiveSettings(Settings):
    """One number by which variants are compared, made of what their runs measured."""

    metric: str | None = None
    """The metric, with `val_` in front where it is taken on held-out training images; or what a run costs:
    `fit_seconds`, `score_ms_per_image`, `parameters`."""
    mean: List[str] | None = None
    """Instead of `metric`: several, of which each run has the average."""
    over: str = "mean"
    """Of the categories' means over seeds: their mean, median, quantile (q10: 10 %), or the worst category."""
    direction: Literal["maximize", "minimize"] | None = None
    """Which way is better; where not given, costs and errors are minimized and all else is maximized."""
    minus: dict[str, Weight] = Field(default_factory=dict)
    """Other numbers of a run, times these weights, are subtracted: a trade between quality and cost."""
    subject_to: dict[str, LimitSettings] = Field(default_factory=dict)
    """Limits of other numbers."""

    _over = field_validator("over")(known_over)

    @field_validator("metric")
    @classmethod
    def _known(cls, metric: str | None) -> str | None:
        return metric if metric is None else known_number(metric)

    @field_validator("mean", "minus", "subject_to")
    @classmethod
    def _all_known(cls, names: Collection[str] | None) -> Collection[str] | None:
        listed = [known_number(name) for name in names or ()]
        if len(set(listed)) < len(listed):
            raise ValueError(f"metrics must be distinct, but got {', '.join(listed)}")
        return names

    @model_validator(mode="after")
    def _one_meaning(self) -> ObjectiveSettings:
        if (self.metric is None) == (not self.mean):
            raise ValueError("an objective needs either metric: …, or mean: [ … ] of several")
        ways = {_way(name) for name in self.metrics}
        if self.direction is None and (len(ways) > 1 or 0 in ways):
            what = self.metrics[0] if len(self.metrics) == 1 else f"a mean of {' and '.join(self.metrics)}"
            raise ValueError(f"{what} needs a direction: maximize or minimize")
        if self.minus and self.minimizes:
            raise ValueError("minus goes with an objective that is maximized, but this one is minimized")
        return self

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of which each run has the average."""
        if self.metric is not None:
            return (self.metric,)
        assert self.mean is not None
        return self.mean

    @property
    def minimizes(self) -> bool:
        """Whether less is better."""
        return self.direction == "minimize" if self.direction else _way(self.metrics[0]) < 0

    @property
    def names(self) -> tuple[str, ...]:
        """All numbers of a run that this objective looks at."""
        return (*self.metrics, *self.minus, *self.subject_to)

    @property
    def label(self) -> str:
        """The objective in a few words, e.g. `worst val_pixel_aupro - 0.001 score_ms_per_image`."""
        what = self.metrics[0] if len(self.metrics) == 1 else f"mean({', '.join(self.metrics)})"
        over = "" if self.over == "mean" else f"{self.over} "
        return over + what + "".join(f" - {weight:g} {name}" for name, weight in self.minus.items())
