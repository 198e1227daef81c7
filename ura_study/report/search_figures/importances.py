"""The importance of each searched parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import BLUE, ONE, canvas, labels, sentences
from ura_study.report.figures.choice import MOST, left_out
from ura_study.report.figures.registry import figure as registered
from ura_study.results.results import Results
from ura_study.study.names import short_names


@dataclass(frozen=True)
class Importances:
    """The content of the figure of a search."""

    bars: tuple[tuple[str, float], ...]
    """Short name and importance of each parameter as a share, 0..1, the largest first."""
    left_out: int
    scale: str = ""
    """What values on the objective's scale are called, if it has one: the importance does not follow it."""


def importances(importance: Mapping[str, float] | None, scale: str = "") -> Importances | None:
    """Return the content of the figure; None for fewer than two parameters, or if `importance` is None.

    Args:
        importance: key → importance as a share.
        scale: what values on the objective's scale are called; "" without a scale.
    """
    if importance is None or len(importance) < 2:
        return None
    names = short_names(list(importance))
    ranked = sorted(((names[key], value) for key, value in importance.items()), key=lambda bar: (-bar[1], bar[0]))
    return Importances(tuple(ranked[:MOST]), len(ranked[MOST:]), scale)


def draw(info: Importances) -> Drawn:
    """Return the figure: a bar for each parameter, labelled with its number."""
    names, values = labels([name for name, _ in info.bars], 26), [value for _, value in info.bars]
    with canvas(ONE, 0.5 + 0.17 * len(names)) as figure:
        axes = figure.subplots()
        bars = axes.barh(range(len(names)), values, height=0.65, color=BLUE)
        axes.bar_label(bars, [f"{value:.2f}" for value in values], padding=2, fontsize=6)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(0, 1.18 * max(*values, 1e-9))
        axes.set_xlabel("importance (share)")
        axes.tick_params(axis="y", length=0)
    return Drawn("search-importance", _caption(info), _alt(info), figure)


def _caption(info: Importances) -> str:
    return sentences(
        "How much each parameter tells the best tenth of the complete trials (at least 5) from all of them: PED-ANOVA, "
        "as shares of 1. What a parameter did in the trials as they were proposed, not in the whole space.",
        f"The best tenth is that by plain values, not by {info.scale}." if info.scale else "",
        left_out(info.left_out, "parameter", "the most important"),
    )


def _alt(info: Importances) -> str:
    return f"Importance: {'; '.join(f'{name} {value:.2f}' for name, value in info.bars)}."


@registered("search")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield the figure if at least two parameters have an importance."""
    search, settings = results.search, results.study.search
    if search is None or settings is None:
        return
    if (info := importances(search.importance, settings.objective[0].scale_label)) is not None:
        yield draw(info)
