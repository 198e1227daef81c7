"""The means of one metric over the values of a grid's two or three keys, and what the keys do alone and together.

A grid of one key or of more than three has no such figure: its table (`ura-study export --table sweep`) has it all.
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
from ura_study.tables.ablation_tables import headings, variants_of

#: Keys of a grid, and values of the key down, of the key across, and of the key with a panel for each value.
KEYS, MOST = (2, 3), (40, 18, 4)


@dataclass(frozen=True)
class Grid:
    """What is drawn of one grid in one metric."""

    ablation: str
    metric: str
    heading: str
    keys: tuple[str, ...]
    """Short names: of the key down, of the key across, and of a third with a panel for each value."""
    levels: tuple[tuple[str, ...], ...]
    """The values of each key; numbers ascend."""
    cells: tuple[tuple[tuple[Cell, ...], ...], ...]
    """(panels, rows, columns): mean over categories, one value for each seed."""
    baseline: tuple[int, int, int] | None
    """Panel, row and column of the baseline; None where it is none of the grid."""
    shares: tuple[Share, ...]
    """What each key does, by its place in `keys`; none where a cell has no number."""
    seeds: int
    categories: int
    caveats: tuple[str, ...]
    settings: ReportSettings


def grids(results: Results, metric: str) -> Iterator[Grid]:
    """Yield what is drawn of each grid of two or three keys that has room and at least two numbers."""
    for name, ablation in results.study.ablations.items():
        if ablation.grid is not None and len(ablation.grid) in KEYS:
            grid = _grid(results, metric, name, ablation)
            if sum(cell.complete for cell in _flat(grid)) > 1 and _has_room(grid):
                yield grid


def _grid(results: Results, metric: str, name: str, ablation: Ablation) -> Grid:
    varied = [list(values) for values in ablation.values_by_key().values()]
    variants = np.empty([len(values) for values in varied], dtype=object)
    variants.reshape(-1)[:] = variants_of(results, ablation)  # in the order of the keys
    order = _by_size(varied)
    ranks = [_ascending(varied[key]) for key in order]
    variants = variants.transpose(order)[np.ix_(*ranks)]
    cells = np.array([results.aggregates[metric].mean(v.name) for v in variants.flat], dtype=object)
    cells = cells.reshape(variants.shape if variants.ndim > 2 else (*variants.shape, 1)).transpose(2, 0, 1)
    base = next(v.settings for v in results.plan.variants if v.name == BASELINE)
    at = next((where for where, variant in np.ndenumerate(variants) if variant.settings == base), None)
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
    """Return the places of keys, that with the most values first: there is most room downwards, and none for panels."""
    return sorted(range(len(varied)), key=lambda key: -len(varied[key]))


def _ascending(values: Sequence[Any]) -> list[int]:
    """Return the places of values, numbers by size, others as they are."""
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return sorted(range(len(values)), key=lambda place: values[place]) if numeric else list(range(len(values)))


def _shares(cells: np.ndarray) -> tuple[Share, ...]:
    """Return what the keys do to cells (panels, rows, columns); a single panel is no key."""
    if not all(cell.complete for cell in cells.flat):
        return ()
    values = np.array([cell.values for cell in cells.flat]).reshape(*cells.shape, -1).transpose(1, 2, 0, 3)
    return tuple(decomposed(values if cells.shape[0] > 1 else values[:, :, 0]))


def _flat(grid: Grid) -> Iterator[Cell]:
    return (cell for panel in grid.cells for line in panel for cell in line)


def _has_room(grid: Grid) -> bool:
    sizes = [len(levels) for levels in grid.levels]
    return all(size <= most for size, most in zip(sizes, MOST, strict=False)) and math.prod(sizes[1:]) <= MOST[1]
