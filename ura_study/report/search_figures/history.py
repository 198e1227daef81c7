"""The course of a search: the value of each trial, and the best so far."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ura_study.config import Study
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import BLACK, ONE, canvas, plain, sentences, shown
from ura_study.report.figures.registry import figure as registered
from ura_study.report.search_figures.common import MARKERS, chosen_on, marker_of
from ura_study.results.results import Results
from ura_study.search.trials import TrialSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Objectives that are shown.
MOST = 3


@dataclass(frozen=True)
class Course:
    """One objective."""

    label: str
    numbers: tuple[int, ...]
    """Of the trials that have a value."""
    values: tuple[float, ...]
    looks: tuple[str, ...]
    best: tuple[float, ...]
    """The best value so far of a complete trial within all limits, at each of `numbers`; NaN before the first."""


@dataclass(frozen=True)
class History:
    """What is drawn of a search."""

    courses: tuple[Course, ...]
    failed: tuple[int, ...]
    """Numbers of the trials that failed."""
    states: tuple[tuple[str, int], ...]
    """How many trials there are of each state."""
    note: str
    """What the values were measured on."""


def history(study: Study, found: Sequence[TrialSummary]) -> History | None:
    """Return what is drawn of a search; None where fewer than two trials have a value."""
    told = [trial for trial in found if trial.state in ("complete", "pruned") and trial.values is not None]
    if len(told) < 2:
        return None
    return History(
        courses=tuple(_course(told, i, o.label, o.minimizes) for i, o in enumerate(study.search.objective[:MOST])),
        failed=tuple(trial.number for trial in found if trial.state == "failed"),
        states=tuple(sorted(Counter(trial.state for trial in found).items())),
        note=chosen_on(study.search),
    )


def _course(told: Sequence[TrialSummary], index: int, label: str, minimizes: bool) -> Course:
    better, so_far, best = min if minimizes else max, math.nan, []
    for trial in told:
        if trial.state == "complete" and trial.feasible:
            value = trial.values[index]
            so_far = value if math.isnan(so_far) else better(so_far, value)
        best.append(so_far)
    return Course(
        label=label,
        numbers=tuple(trial.number for trial in told),
        values=tuple(trial.values[index] for trial in told),
        looks=tuple(map(marker_of, told)),
        best=tuple(best),
    )


def draw(info: History) -> Drawn:
    """Return the figure: a panel for each objective, failed trials as crosses on its floor."""
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
        cross = {"marker": "x", "color": BLACK, "s": 12, "linewidth": 0.8}
        axes.scatter(failed, [0.02] * len(failed), transform=floor, label="failed", **cross)
    axes.set_ylabel(shown(course.label))
    plain(axes, "both")
    axes.xaxis.get_major_locator().set_params(integer=True)


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
    return f"Values by trial; at the end the best is {', '.join(ends)}."


@registered("search")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield the figure, where there is anything to draw."""
    search = results.search
    if search is not None and (info := history(results.study, search.trials)) is not None:
        yield draw(info)
