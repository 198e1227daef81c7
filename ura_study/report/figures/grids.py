"""Means of one metric by the values of the two or three keys of a grid, and the share of variance due to each key.

Grids of one key or of more than three keys have no such figure, only a table (`ura-study export --table sweep`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ura_study.report.config import ReportSettings
from ura_study.results.cell import Cell
from ura_study.results.decomposition import Share, decomposed
from ura_study.results.results import Results
from ura_study.study.config import Ablation
from ura_study.study.names import readable
from ura_study.study.plan import BASELINE
from ura_study.tables.asked import NOT_POSSIBLE, asked, headings

#: Possible numbers of keys, and most values of the key down, of the key across, and of the key with a panel per value.
KEYS, MOST = (2, 3), (40, 18, 4)


@dataclass(frozen=True)
class Grid:
    """The content of the figure of one grid and one metric."""

    ablation: str
    metric: str
    heading: str
    keys: tuple[str, ...]
    """Short names of the key down, of the key across, and of a third key, if any, with a panel for each value."""
    levels: tuple[tuple[str, ...], ...]
    """The values of each key, numbers in ascending order."""
    cells: tuple[tuple[tuple[Cell, ...], ...], ...]
    """(panels, rows, columns) cells, each with the mean over categories for each seed."""
    baseline: tuple[int, int, int] | None
    """Panel, row and column of the baseline; None if it is not in the grid."""
    shares: tuple[Share, ...]
    """Shares of variance, with keys as indices of `keys`; empty if a cell has no number."""
    seeds: int
    categories: int
    caveats: tuple[str, ...]
    settings: ReportSettings


def grids(results: Results, metric: str) -> Iterator[Grid]:
    """Yield the content of the figure of each grid of two or three keys that fits and has at least two numbers."""
    for name, ablation in results.study.ablations.items():
        if ablation.grid is not None and len(ablation.grid) in KEYS:
            grid = _grid(results, metric, name, ablation)
            if sum(cell.complete for cell in _flat(grid)) > 1 and _has_room(grid):
                yield grid


def _grid(results: Results, metric: str, name: str, ablation: Ablation) -> Grid:
    varied = [list(values) for values in ablation.values_by_key().values()]
    variants = np.empty([len(values) for values in varied], dtype=object)
    variants.reshape(-1)[:] = [variant for _, variant in asked(results, ablation)]  # None: left out
    order = _by_size(varied)
    ranks = [_ascending(varied[key]) for key in order]
    variants = variants.transpose(order)[np.ix_(*ranks)]
    means = results.aggregates[metric]
    cells = np.array([NOT_POSSIBLE if v is None else means.mean(v.name) for v in variants.flat], dtype=object)
    cells = cells.reshape(variants.shape if variants.ndim > 2 else (*variants.shape, 1)).transpose(2, 0, 1)
    base = next(v.settings for v in results.plan.variants if v.name == BASELINE)
    at = next((where for where, v in np.ndenumerate(variants) if v is not None and v.settings == base), None)
    short = headings(results, ablation.values_by_key())
    return Grid(
        ablation=name,
        metric=metric,
        heading=results.title(metric),
        keys=tuple(short[key] for key in order),
        levels=tuple(tuple(readable(varied[key][i]) for i in rank) for key, rank in zip(order, ranks, strict=True)),
        cells=tuple(tuple(map(tuple, panel)) for panel in cells),
        baseline=None if at is None else ((*at, 0)[2], at[0], at[1]),
        shares=_shares(cells),
        seeds=len(results.plan.seeds),
        categories=len(results.plan.categories),
        caveats=results.caveats,
        settings=results.study.report,
    )


def _by_size(varied: Sequence[Sequence[object]]) -> list[int]:
    """Return the indices of the keys by falling number of values: rows have the most room, panels the least."""
    return sorted(range(len(varied)), key=lambda key: -len(varied[key]))


def _ascending(values: Sequence[Any]) -> list[int]:
    """Return the indices of the values in ascending order if all are numbers, otherwise in the given order."""
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return sorted(range(len(values)), key=lambda place: values[place]) if numeric else list(range(len(values)))


def _shares(cells: np.ndarray) -> tuple[Share, ...]:
    """Return the shares of variance of cells (panels, rows, columns); with a single panel there are only two keys."""
    if not all(cell.complete for cell in cells.flat):
        return ()
    values = np.array([cell.values for cell in cells.flat]).reshape(*cells.shape, -1).transpose(1, 2, 0, 3)
    return tuple(decomposed(values if cells.shape[0] > 1 else values[:, :, 0]))


def _flat(grid: Grid) -> Iterator[Cell]:
    return (cell for panel in grid.cells for line in panel for cell in line)


def _has_room(grid: Grid) -> bool:
    sizes = [len(levels) for levels in grid.levels]
    return all(size <= most for size, most in zip(sizes, MOST, strict=False)) and math.prod(sizes[1:]) <= MOST[1]
