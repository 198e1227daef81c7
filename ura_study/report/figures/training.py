"""The course of training: each term of the loss by step, for some variants."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import STYLES, TWO, canvas, sentences, shown
from ura_study.report.figures.choice import contrasted, unshown
from ura_study.report.figures.registry import figure as registered
from ura_study.results.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Recorded columns of a training that are not terms of the loss.
OTHERS = ("step", "lr")


@dataclass(frozen=True, eq=False)
class LossCurve:
    """One term of the loss of one variant, at R reports."""

    steps: np.ndarray
    """(R,) steps done at each report."""
    mean: np.ndarray
    """(R,) mean over runs."""
    low: np.ndarray
    """(R,) lower quartile of the runs."""
    high: np.ndarray
    """(R,) upper quartile of the runs."""
    runs: int


@dataclass(frozen=True)
class Trainings:
    """The content of the figure."""

    terms: Mapping[str, Mapping[str, LossCurve]]
    """Term of the loss → variant → curve."""
    unshown: str
    caveats: tuple[str, ...]


def trainings(results: Results) -> Trainings | None:
    """Return the loss curves of the baseline and of variants to contrast with it; None if no run has any."""
    terms: dict[str, dict[str, LossCurve]] = {}
    for name in contrasted(results, len(STYLES)):
        cells = [(name, category, seed) for category in results.plan.categories for seed in results.plan.seeds]
        left = [details.training for cell in cells if (details := results.details(*cell)) and details.training]
        for term in [column for column in (left[0] if left else ()) if column not in OTHERS]:
            steps, runs = _together(left, term)
            low, high = np.quantile(runs, (0.25, 0.75), axis=0)
            terms.setdefault(term, {})[name] = LossCurve(steps, runs.mean(axis=0), low, high, len(left))
    if not terms:
        return None
    return Trainings(terms, unshown(results, {name for lines in terms.values() for name in lines}), results.caveats)


def _together(left: Sequence[Mapping[str, np.ndarray]], term: str) -> tuple[np.ndarray, np.ndarray]:
    """Return steps (R,) and the curves (runs, R) of a term of the loss, over the share of the training that is done.

    Trainings of a number of epochs have more steps on more images: the steps are those of the run with most reports.
    """
    longest = max(left, key=lambda of: len(of["step"]))["step"]
    shares = longest / longest[-1]
    return longest, np.stack([np.interp(shares, of["step"] / of["step"][-1], of[term]) for of in left])


def draw(info: Trainings) -> Drawn:
    """Return the figure: a panel for each term of the loss."""
    across = min(len(info.terms), 4)
    down = math.ceil(len(info.terms) / across)
    names = _names(info)
    with canvas(TWO, 1.6 * down + 0.4) as figure:
        grid = figure.subplots(down, across, sharex=True, squeeze=False).ravel()
        for axes, (term, lines) in zip(grid, info.terms.items(), strict=False):
            _panel(axes, term, lines, names)
        for axes in grid[len(info.terms) :]:
            axes.set_visible(False)
        handles, labels = zip(*_handles(grid), strict=True)
        figure.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 5))
        figure.supxlabel("training step", fontsize=7)
    return Drawn("training", _caption(info), _alt(info), figure)


def _names(info: Trainings) -> list[str]:
    return list(dict.fromkeys(name for lines in info.terms.values() for name in lines))


def _panel(axes: Axes, term: str, lines: Mapping[str, LossCurve], names: list[str]) -> None:
    for name, line in lines.items():
        colour, _, dashes = STYLES[names.index(name)]
        axes.fill_between(line.steps, line.low, line.high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(line.steps, line.mean, color=colour, linestyle=dashes, label=shown(name, 26))
    axes.set(title=term, ylim=(min(0, *(line.low.min() for line in lines.values())), None))
    axes.ticklabel_format(axis="y", scilimits=(-2, 3))


def _handles(grid: np.ndarray) -> list[tuple[object, str]]:
    """Return one pair (handle, name) for each variant that is in any panel."""
    found: dict[str, object] = {}
    for axes in grid:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    return [(handle, label) for label, handle in found.items()]


def _caption(info: Trainings) -> str:
    runs = max(line.runs for lines in info.terms.values() for line in lines.values())
    which = f"mean of up to {runs} runs of a variant over categories and seeds" if runs > 1 else "one run of a variant"
    return sentences(
        f"Terms of the training loss by step: {which}, each point the mean of an interval of steps"
        f"{'; bands: the middle half of the runs' if runs > 1 else ''}.",
        info.unshown,
        *info.caveats,
    )


def _alt(info: Trainings) -> str:
    def text(term: str, lines: Mapping[str, LossCurve]) -> str:
        ends = (f"{name} from {line.mean[0]:.3g} to {line.mean[-1]:.3g}" for name, line in lines.items())
        return f"{term}: {', '.join(ends)}"

    return f"Training curves. {'. '.join(text(term, lines) for term, lines in info.terms.items())}."


@registered("study")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield the figure if a run recorded its training."""
    if (info := trainings(results)) is not None:
        yield draw(info)
