"""Means of one metric by variant and category, as a table with coloured cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ura_study.metrics.names import better
from ura_study.report.config import ReportSettings
from ura_study.report.drawing import cells
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import BRIGHT, ONE, TWO, canvas, hide, labels, sentences, with_unit
from ura_study.report.figures.choice import METRICS, left_out, variants
from ura_study.report.figures.registry import figure as registered
from ura_study.results.cell import Cell
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.tables.sheet import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most categories in a figure of two columns.
MOST = 18
#: Most categories, and most characters of a variant's name, in a figure of one column.
FEW, SHORT = 4, 24


@dataclass(frozen=True)
class Heat:
    """The content of the figure of one metric."""

    metric: str
    heading: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    """Categories."""
    cells: tuple[tuple[Cell, ...], ...]
    """(rows, columns + 1): the last column is the mean over all categories, shown or not. A study of one category has
    no such column."""
    left_out: tuple[int, int]
    """Numbers of variants and of categories that are not shown."""
    seeds: int
    categories: int
    """Number of all categories of the study, which the mean covers."""
    caveats: tuple[str, ...]
    settings: ReportSettings


def heat(results: Results, metric: str) -> Heat | None:
    """Return the content of the figure of one metric; None for fewer than two numbers."""
    measured, plan = results.aggregates[metric], results.plan
    rows, columns = variants(results, metric), plan.categories[:MOST]
    means = {row: (measured.mean(row),) if len(plan.categories) > 1 else () for row in rows}
    found = tuple((*(measured.cells[row, category] for category in columns), *means[row]) for row in rows)
    if sum(cell.complete for line in found for cell in line[: len(columns)]) < 2:
        return None
    return Heat(
        metric=metric,
        heading=results.title(metric),
        rows=rows,
        columns=columns,
        cells=found,
        left_out=(len(plan.variants) - len(rows), len(plan.categories) - len(columns)),
        seeds=len(plan.seeds),
        categories=len(plan.categories),
        caveats=results.caveats,
        settings=results.study.report,
    )


def draw(info: Heat) -> Drawn:
    """Return the figure: a coloured cell for each number, a hatched one if it is missing."""
    width = ONE if len(info.columns) <= FEW and max(map(len, info.rows)) <= SHORT else TWO
    with canvas(width, 0.2 * len(info.rows) + 1.1) as figure:
        axes = figure.subplots()
        rows, columns = labels(info.rows, 36), [*labels(info.columns, 24), "mean"][: len(info.cells[0])]
        _fill(axes, info, (72 * width - 3.6 * max(map(len, rows)) - 20) / (len(columns) + 0.25))
        hide(axes)
        places = [_place(x, info) + 0.5 for x in range(len(columns))]
        axes.set_xticks(places, columns, rotation=45, ha="left", rotation_mode="anchor")
        axes.xaxis.tick_top()
        axes.set_yticks([y + 0.5 for y in range(len(rows))], rows)
        axes.set_xlim(0, places[-1] + 0.5)
        axes.set_ylim(len(info.rows), 0)
        cells.legend(figure, _blanks(info))
    return Drawn(f"categories-{info.metric}", _caption(info), _alt(info), figure)


def _place(x: int, info: Heat) -> float:
    """Return the left edge of a column; there is a gap before the means."""
    return x + (0.25 if x == len(info.columns) else 0)


def _fill(axes: Axes, info: Heat, room: float) -> None:
    """Draw the cells, which are `room` points (1/72 in) wide."""
    squares = []
    for y, line in enumerate(info.cells):
        for x, cell in enumerate(line):
            if (kind := cells.blank(cell)) is not None:
                cells.hatch(axes, kind, _place(x, info), y)
            else:
                text = number(cell.mean, "share", info.settings)
                squares.append(cells.Square(_place(x, info), y, cell.mean, text))
    ends = cells.limits(square.value for square in squares)
    size = cells.fitting([square.text for square in squares], 0.9 * room)
    cells.paint(axes, squares, ends, better(info.metric), size)


def _blanks(info: Heat) -> set[cells.Blank]:
    return {kind for line in info.cells for cell in line if (kind := cells.blank(cell)) is not None}


def _caption(info: Heat) -> str:
    return sentences(
        f"{with_unit(info.heading, info.settings)}: mean over {counted(info.seeds, 'seed')} by variant and category; "
        f"{BRIGHT[better(info.metric)]}.",
        cells.BLANKS if _blanks(info) else "",
        left_out(info.left_out[0]),
        left_out(info.left_out[1], "category", f"the first {len(info.columns)} categories"),
        f"The mean is over all {info.categories} categories." if info.left_out[1] else "",
        *info.caveats,
    )


def _alt(info: Heat) -> str:
    means = [
        f"{row} {cells.blank(line[-1]) or number(line[-1].mean, 'share', info.settings)}"
        for row, line in zip(info.rows, info.cells, strict=True)
    ]
    return f"{with_unit(info.heading, info.settings)} by variant and category; means: {'; '.join(means)}."


@registered("study")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield a figure for each of the first `METRICS` metrics."""
    for metric in results.metrics[:METRICS]:
        if (info := heat(results, metric)) is not None:
            yield draw(info)
