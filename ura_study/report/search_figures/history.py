"""The course of a search: the value of each trial, and the best value so far."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import BLACK, ONE, canvas, plain, sentences, shown
from ura_study.report.figures.registry import figure as registered
from ura_study.report.search_figures.common import MARKERS, chosen_on, marker_of, values_of
from ura_study.results.results import Results
from ura_study.search.config import SearchSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ura_study.search.trials import TrialSummary

#: Most objectives that are shown.
MOST = 3


@dataclass(frozen=True)
class Course:
    """The values of one objective."""

    label: str
    numbers: tuple[int, ...]
    """Numbers of the trials that have a value."""
    values: tuple[float, ...]
    looks: tuple[str, ...]
    best: tuple[float, ...]
    """Best value so far of complete trials within all limits, at each of `numbers`; NaN before the first such trial."""


@dataclass(frozen=True)
class History:
    """The content of the figure of a search."""

    courses: tuple[Course, ...]
    failed: tuple[int, ...]
    """Numbers of the trials that failed."""
    states: tuple[tuple[str, int], ...]
    """Each state and its number of trials."""
    note: str
    """The sentence on the images that the values were measured on."""


def history(search: SearchSettings, found: Sequence[TrialSummary]) -> History | None:
    """Return the content of the figure of a search; None if fewer than two trials have values."""
    told = [trial for trial in found if trial.state in ("complete", "pruned") and trial.values is not None]
    if len(told) < 2:
        return None
    return History(
        courses=tuple(_course(told, i, o.label, o.minimizes) for i, o in enumerate(search.objective[:MOST])),
        failed=tuple(trial.number for trial in found if trial.state == "failed"),
        states=tuple(sorted(Counter(trial.state for trial in found).items())),
        note=chosen_on(search),
    )


def _course(told: Sequence[TrialSummary], index: int, label: str, minimizes: bool) -> Course:
    better, so_far, best = min if minimizes else max, math.nan, []
    for trial in told:
        if trial.values is not None and trial.state == "complete" and trial.feasible:
            value = trial.values[index]
            so_far = value if math.isnan(so_far) else better(so_far, value)
        best.append(so_far)
    return Course(
        label=label,
        numbers=tuple(trial.number for trial in told),
        values=values_of(told, index),
        looks=tuple(map(marker_of, told)),
        best=tuple(best),
    )


def draw(info: History) -> Drawn:
    """Return the figure: a panel for each objective, with failed trials as crosses at the bottom."""
    with canvas(ONE, 0.6 + 1.7 * len(info.courses)) as figure:
        panels = figure.subplots(len(info.courses), sharex=True, squeeze=False).ravel()
        for axes, course in zip(panels, info.courses, strict=True):
            _draw(axes, course, info.failed)
        panels[-1].set_xlabel("trial")
        handles = {label: h for axes in panels for h, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(
            handles.values(), handles.keys(), loc="outside upper center", ncols=min(4, len(handles)), columnspacing=1
        )
    return Drawn("search-history", _caption(info), _alt(info), figure)


def _draw(axes: Axes, course: Course, failed: Sequence[int]) -> None:
    for name, (marker, face, edge) in MARKERS.items():
        kept = [i for i, found in enumerate(course.looks) if found == name]
        if kept:
            x, y = [course.numbers[i] for i in kept], [course.values[i] for i in kept]
            size = 40 if marker == "*" else 10
            axes.scatter(x, y, s=size, marker=marker, facecolor=face, edgecolor=edge, label=name, zorder=2)
    axes.step(course.numbers, course.best, where="post", color=BLACK, linewidth=0.8, label="best so far", zorder=1)
    if failed:
        floor = axes.get_xaxis_transform()
        cross: dict[str, Any] = {"marker": "x", "color": BLACK, "s": 12, "linewidth": 0.8}
        axes.scatter(failed, [0.02] * len(failed), transform=floor, label="failed", **cross)
    axes.set_ylabel(shown(course.label))
    plain(axes, "both")
    axes.locator_params(axis="x", integer=True)


def _caption(info: History) -> str:
    total = sum(count for _, count in info.states)
    counts = ", ".join(f"{count} {state}" for state, count in info.states)
    labels = " and ".join(course.label for course in info.courses)
    return sentences(
        f"{labels} by trial, {total} trials ({counts}), and the best so far of the complete trials within all limits.",
        "A pruned trial has the value of the runs that were done; crosses are failed trials.",
        info.note,
    )


def _alt(info: History) -> str:
    ends = (f"{course.label} {course.best[-1]:.4g}" for course in info.courses)
    return f"Values by trial; at the end the best value is {', '.join(ends)}."


@registered("search")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield the figure if at least two trials have values."""
    search, settings = results.search, results.study.search
    if search is None or settings is None:
        return
    if (info := history(settings, search.trials)) is not None:
        yield draw(info)
