"""The `search.objective` section: the values by which variants are compared.

In YAML it is the name of a metric, a mapping, or a list of these for several objectives:

    objective: val_pixel_aupro
    objective: {mean: [val_image_auroc, val_pixel_aupro], over: worst}
    objective: {mean: [val_image_auroc, val_pixel_aupro], scale: rank}
    objective: {metric: val_pixel_aupro, subject_to: {score_ms_per_image: {max: 20}}}
    objective: [val_pixel_aupro, {metric: score_ms_per_image, direction: minimize}]
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ura_study.errors import nearest
from ura_study.metrics.names import better, reportable, reportables
from ura_study.settings import List, Settings

#: Costs of a run; smaller is better.
RESOURCES = ("fit_seconds", "score_ms_per_image", "parameters", "flops")
OVERS = ("mean", "median", "worst")
#: Scale → what the mean over metrics is called in a category.
SCALES = {"rank": "mean rank", "standard": "mean standard score"}

Weight = Annotated[float, Field(gt=0)]


def known_number(name: str) -> str:
    """Return the name of a metric or cost unchanged; raise a `ValueError` with the nearest name if it is unknown."""
    if not (reportable(name) or name in RESOURCES):
        raise ValueError(f"unknown metric '{name}'{nearest(name, [*reportables(), *RESOURCES])}")
    return name


def known_over(over: str) -> str:
    """Return a summary of categories (mean, median, worst, q10, …) unchanged; raise a `ValueError` if it is unknown."""
    if over not in OVERS and not re.fullmatch("q[1-9][0-9]?", over):
        raise ValueError(f"expected one of {', '.join(OVERS)}, or a quantile such as q10, but got '{over}'")
    return over


def _way(name: str) -> int:
    """Return 1 if a larger number is better, -1 if a smaller one is, 0 if neither."""
    return -1 if name in RESOURCES else better(name)


class LimitSettings(Settings):
    """Bounds of a number summarised over all categories; a variant beyond them cannot be the best."""

    min: float | None = None
    """Smallest admissible value."""
    max: float | None = None
    """Largest admissible value."""
    over: str = "mean"
    """Summary of the categories' means over seeds: `mean`, `median`, a quantile (`q10`: 10 %), or `worst` (for `min`
    the smallest, for `max` the largest)."""

    _over = field_validator("over")(known_over)

    @model_validator(mode="after")
    def _bounded(self) -> LimitSettings:
        if self.min is None and self.max is None:
            raise ValueError("a limit needs min or max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min <= max must hold, but got {self.min} and {self.max}")
        return self


class ObjectiveSettings(Settings):
    """One number by which variants are compared, made from the measurements of their runs."""

    metric: str | None = None
    """The metric, with the prefix `val_` if it is measured on held-out training images; or a cost of a run:
    `fit_seconds`, `score_ms_per_image`, `parameters`, `flops`. The two times are taken while other runs share the
    machine; numbers of parameters and operations are the same everywhere."""
    mean: List[str] | None = None
    """In place of `metric`: several metrics or costs, whose mean is the value of a run."""
    over: str = "mean"
    """Summary of the categories' means over seeds: `mean`, `median`, a quantile (`q10`: 10 %), or `worst`: the worst
    category."""
    scale: Literal["none", "rank", "standard"] = "none"
    """Whether numbers are brought to a common scale in each category, before they are averaged to choose the best
    variant: its rank among all variants that are complete (0 to 1), or its standard score; `none`: they are averaged as
    they are. Sampler and pruner see the plain value in any case."""
    direction: Literal["maximize", "minimize"] | None = None
    """Whether a larger or a smaller value is better; default: costs and errors are minimized, all else is maximized."""
    minus: dict[str, Weight] = Field(default_factory=dict)
    """Name → weight of other numbers of a run, which are subtracted: a trade-off between quality and cost."""
    subject_to: dict[str, LimitSettings] = Field(default_factory=dict)
    """Name → limits of other numbers."""

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
        what = self.metrics[0] if len(self.metrics) == 1 else f"a mean of {' and '.join(self.metrics)}"
        if self.direction is None and (len(ways) > 1 or 0 in ways):
            raise ValueError(f"{what} needs a direction: maximize or minimize")
        if self.scale != "none" and self.minus:
            raise ValueError("scale and minus cannot be combined: a penalty has no meaning beside ranks or scores")
        if self.scale != "none" and len(ways) > 1:
            raise ValueError(f"scale needs metrics that are all better if larger, or all if smaller, but got {what}")
        if self.minus and self.minimizes:
            raise ValueError("minus goes with an objective that is maximized, but this one is minimized")
        return self

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the numbers whose mean is the value of a run."""
        if self.metric is not None:
            return (self.metric,)
        assert self.mean is not None
        return self.mean

    @property
    def minimizes(self) -> bool:
        """Whether a smaller value is better."""
        return self.direction == "minimize" if self.direction else _way(self.metrics[0]) < 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all numbers of a run that this objective uses."""
        return (*self.metrics, *self.minus, *self.subject_to)

    def identity(self) -> dict[str, Any]:
        """Return the settings as JSON; the scale only where there is one, since it came later."""
        return self.model_dump(mode="json", exclude={"scale"} if self.scale == "none" else None)

    @property
    def label(self) -> str:
        """A short name, e.g. `worst val_pixel_aupro - 0.001 score_ms_per_image`."""
        what = self.metrics[0] if len(self.metrics) == 1 else f"mean({', '.join(self.metrics)})"
        return self._over_what(what) + "".join(f" - {weight:g} {name}" for name, weight in self.minus.items())

    @property
    def scale_label(self) -> str:
        """What values on the scale are called, e.g. `worst mean rank`; "" without a scale."""
        return "" if self.scale == "none" else self._over_what(SCALES[self.scale])

    def _over_what(self, what: str) -> str:
        return what if self.over == "mean" else f"{self.over} {what}"
