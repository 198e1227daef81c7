"""The means of one metric by variant and category, as a table whose cells are coloured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ura_study.metrics.names import better
from ura_study.report.config import ReportSettings
from ura_study.report.figures.choice import left_out, variants
from ura_study.report.figures.drawn import Drawn
from ura_study.report.figures.style import MAP, ONE, SMALL, TWO, hide, labels, page, sentences, with_unit
from ura_study.report.model import Cell
from ura_study.report.names import counted
from ura_study.report.results import Results
from ura_study.report.sheet import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

#: Categories that two columns have room for.
MOST = 18
#: Categories that one column has room for.
FEW = 4
State = Literal["number", "failed", "missing", "undefined"]
HATCHES: dict[State, str] = {"failed": "/////", "missing": ".....", "undefined": "xxxxx"}


@dataclass(frozen=True)
class Heat:
    """What is drawn of one metric."""

    metric: str
    heading: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    """Categories."""
    cells: tuple[tuple[Cell, ...], ...]
    """(rows, columns + 1): the last is the mean over all categories, those that are not shown included."""
    left_out: tuple[int, int]
    """Rows and columns that are not shown."""
    seeds: int
    categories: int
    """All of them, in the mean."""
    caveats: tuple[str, ...]
    settings: ReportSettings


def heat(results: Results, metric: str) -> Heat | None:
    """Return what is drawn of one metric; None where there is no number, or only one."""
    measured, plan = results.measured[metric], results.plan
    rows, columns = variants(results, metric), plan.categories[:MOST]
    cells = tuple((*(measured.cells[row, c] for c in columns), measured.mean(row)) for row in rows)
    if sum(state(cell) == "number" for line in cells for cell in line[:-1]) < 2:
        return None
    return Heat(
        metric=metric,
        heading=results.title(metric),
        rows=rows,
        columns=columns,
        cells=cells,
        left_out=(len(plan.variants) - len(rows), len(plan.categories) - len(columns)),
        seeds=len(plan.seeds),
        categories=len(plan.categories),
        caveats=results.caveats,
        settings=results.study.report,
    )


def state(cell: Cell) -> State:
    """Return what a cell holds: its mean, or what keeps it from having one."""
    if cell.complete:
        return "number"
    return "failed" if cell.failed else "missing" if cell.missing else "undefined"


def draw(info: Heat) -> Drawn:
    """Return the figure: a cell for each number, hatched where there is none."""
    narrow = len(info.columns) <= FEW and max(map(len, info.rows)) <= 16
    with page(ONE if narrow else TWO, 0.2 * len(info.rows) + 1.1) as figure:
        axes = figure.subplots()
        _colour(axes, info)
        for y, line in enumerate(info.cells):
            for x, cell in enumerate(line):
                if state(cell) != "number":
                    axes.add_patch(_patch(state(cell), (_place(x, info), y)))
        hide(axes)
        names = labels([*info.columns], 24)
        places = [_place(x, info) + 0.5 for x in range(len(names) + 1)]
        axes.set_xticks(places, [*names, "mean"], rotation=45, ha="left", rotation_mode="anchor")
        axes.xaxis.tick_top()
        axes.set_yticks([y + 0.5 for y in range(len(info.rows))], labels(info.rows, 36))
        axes.set_xlim(0, places[-1] + 0.5)
        axes.set_ylim(len(info.rows), 0)
        _legend(figure, info)
    return Drawn(f"categories-{info.metric}", _caption(info), _alt(info), figure)


def _place(x: int, info: Heat) -> float:
    """Return where a column begins: the means stand apart."""
    return x + (0.25 if x == len(info.columns) else 0)


def _colour(axes: Axes, info: Heat) -> None:
    """Draw the numbers on their colours: the brighter, the better."""
    from matplotlib import colormaps
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle

    found = [
        (cell.mean, _place(x, info), y)
        for y, line in enumerate(info.cells)
        for x, cell in enumerate(line)
        if cell.complete
    ]
    low, high = (choose(mean for mean, _, _ in found) for choose in (min, max))
    scale = Normalize(low, high if high > low else low + 1)
    colours = colormaps[MAP if better(info.metric) >= 0 else f"{MAP}_r"](scale([mean for mean, _, _ in found]))
    squares = [Rectangle((x, y), 1, 1) for _, x, y in found]
    axes.add_collection(PatchCollection(squares, facecolors=colours, edgecolors="white", linewidths=0.5))
    for (mean, x, y), (red, green, blue, _) in zip(found, colours, strict=True):
        ink = "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"
        text = number(mean, "share", info.settings)
        look = {"ha": "center", "va": "center", "color": ink, "fontsize": _size(text, info)}
        axes.text(x + 0.5, y + 0.5, text, **look).set_in_layout(False)  # 500 of them would take long to measure


def _size(text: str, info: Heat) -> float:
    """Return a size of type at which a number fits its cell."""
    return min(SMALL, 5.4 * 72 / (len(info.columns) + 1.25) / (0.66 * len(text)))


def _patch(kind: State, corner: tuple[float, float]) -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, 1, 1, facecolor="white", edgecolor="0.5", hatch=HATCHES[kind], linewidth=0.5)


def _legend(figure: Figure, info: Heat) -> None:
    found = {state(cell) for line in info.cells for cell in line}
    kinds = [kind for kind in HATCHES if kind in found]
    if kinds:
        handles = [_patch(kind, (0, 0)) for kind in kinds]
        figure.legend(handles, kinds, loc="outside lower center", ncols=len(kinds))


def _caption(info: Heat) -> str:
    way = {1: "brighter is better", -1: "brighter is better, that is, smaller", 0: "brighter is larger"}
    return sentences(
        f"{with_unit(info.heading, info.settings)}: mean over {counted(info.seeds, 'seed')} by variant and category; "
        f"{way[better(info.metric)]}.",
        "Hatched cells have no number: a run failed, is missing, or the metric is undefined.",
        left_out(info.left_out[0]),
        left_out(info.left_out[1], "category", f"the first {len(info.columns)} categories"),
        f"The mean is over all {info.categories} categories." if info.left_out[1] else "",
        *info.caveats,
    )


def _alt(info: Heat) -> str:
    means = [
        f"{row} {state(line[-1]) if math.isnan(line[-1].mean) else number(line[-1].mean, 'share', info.settings)}"
        for row, line in zip(info.rows, info.cells, strict=True)
    ]
    return f"{with_unit(info.heading, info.settings)} by variant and category; means: {'; '.join(means)}."
