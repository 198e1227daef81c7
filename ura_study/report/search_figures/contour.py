"""The objective over the two most important parameters of a search: what they do together.

Between trials it is linear on Delaunay's triangles, and outside them nothing is drawn. A parameter of few values has a
band for each; of two such parameters each pair of values is a cell. Pruned trials, whose values are of other runs than
those of complete ones, are marked but do not bend the surface.

Optuna tells no interactions: PED-ANOVA knows none, and its fANOVA has none in public. This figure is what can be said
of trials that a sampler chose; what a full grid says is exact (`decomposition`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ura_study.config import Study
from ura_study.report.drawing.places import FEW, Places, levels
from ura_study.report.search_figures.tried import chosen_on, look, on_axis, ranked_keys, valued
from ura_study.results.decomposition import Share, decomposed
from ura_study.search.trials import Tried

#: Complete trials that a surface or bands need, and cells.
LEAST, LEAST_CELLS = 10, 4
#: Values of a parameter for which there is room.
LEVELS = 12

Kind = Literal["surface", "bands", "cells"]
#: x, y and the value there.
Corner = tuple[float, float, float]


@dataclass(frozen=True)
class Contour:
    """What is drawn of a search."""

    label: str
    """The first objective."""
    minimizes: bool
    kind: Kind
    names: tuple[str, str]
    """Of the parameters along x and y; bands lie along x."""
    axes: tuple[Places, Places]
    values: tuple[float, ...]
    looks: tuple[str, ...]
    """Of the trials that have both parameters, one for each position on the axes."""
    corners: tuple[Corner, ...]
    """Different places of complete trials, with the mean of those there."""
    triangles: tuple[tuple[int, int, int], ...]
    """Of a surface, between corners."""
    shares: tuple[Share, ...]
    """What the two do alone and together, where they alone were searched and every cell has a number."""
    of: int
    """Parameters that were searched."""
    objectives: int
    note: str

    @property
    def complete(self) -> int:
        """How many trials the surface is made of."""
        return sum(name != "pruned" for name in self.looks)


def contour(study: Study, found: Sequence[Tried], importance: Mapping[str, float] | None) -> Contour | None:
    """Return what is drawn of a search: of the most important parameters the first two that enough trials have.

    None where there are too few complete trials, or where more than two parameters were searched and which of them are
    important is not known.
    """
    told = [trial for trial in valued(found) if trial.state != "running"]
    keys = ranked_keys(told, importance)
    if len(keys) > 2 and importance is None:
        return None
    pairs = (_contour(study, told, keys, pair) for pair in itertools.combinations(keys, 2))
    return next((info for info in pairs if info is not None), None)


def _contour(study: Study, told: Sequence[Tried], keys: Mapping[str, str], pair: tuple[str, str]) -> Contour | None:
    both = [trial for trial in told if all(key in trial.params for key in pair)]
    complete = [trial for trial in both if trial.state == "complete"]
    few = {key: _is_few(complete, key) for key in pair}
    x, y = sorted(pair, key=lambda key: few[key])  # bands lie along the other one; else the most important is x
    kind: Kind = "cells" if few[x] else "bands" if few[y] else "surface"
    if len(complete) < (LEAST_CELLS if kind == "cells" else LEAST):
        return None
    axes = tuple(levels([t.params[key] for t in both]) if few[key] else on_axis(both, key) for key in (x, y))
    looks, values = tuple(map(look, both)), tuple(trial.values[0] for trial in both)
    used = [i for i, name in enumerate(looks) if name != "pruned"]
    corners = _corners([(axes[0].positions[i], axes[1].positions[i], values[i]) for i in used])
    triangles = _triangles(corners) if kind == "surface" else ()
    sizes = [len({corner[axis] for corner in corners}) for axis in (0, 1)]
    shown = [len(there.ticks) for key, there in zip((x, y), axes, strict=True) if few[key]]
    if min(sizes) < 2 or max(shown, default=0) > LEVELS or (kind == "surface" and not triangles):
        return None
    return Contour(
        label=study.search.objective[0].label,
        minimizes=study.search.objective[0].minimizes,
        kind=kind,
        names=(keys[x], keys[y]),
        axes=axes,
        values=values,
        looks=looks,
        corners=corners,
        triangles=triangles,
        shares=_shares(corners, axes) if kind == "cells" and len(keys) == 2 else (),
        of=len(keys),
        objectives=len(study.search.objective),
        note=chosen_on(study.search),
    )


def _is_few(complete: Sequence[Tried], key: str) -> bool:
    """Tell whether a parameter has no scale, or few values that come again: then nothing is between them."""
    values = [trial.params[key] for trial in complete]
    if not values or on_axis(complete, key).kind == "names":
        return True
    different = len(set(values))
    return different <= FEW and 2 * different <= len(values)


def _corners(points: Sequence[Corner]) -> tuple[Corner, ...]:
    """Return the different places with the mean of the values there."""
    there: dict[tuple[float, float], list[float]] = {}
    for x, y, value in points:
        there.setdefault((x, y), []).append(value)
    return tuple((x, y, math.fsum(values) / len(values)) for (x, y), values in there.items())


def _shares(corners: Sequence[Corner], axes: tuple[Places, Places]) -> tuple[Share, ...]:
    cells = {(x, y): value for x, y, value in corners}
    table = [[cells.get((x, y), math.nan) for y in axes[1].ticks] for x in axes[0].ticks]
    return () if np.isnan(table).any() else tuple(decomposed(np.array(table)[:, :, None]))


def _triangles(corners: Sequence[Corner]) -> tuple[tuple[int, int, int], ...]:
    """Return Delaunay's triangles of places on axes of the same length; none where all lie on a line."""
    from scipy.spatial import Delaunay

    places = np.array(corners)[:, :2]
    span = np.ptp(places, axis=0)
    if not span.all():
        return ()
    places = (places - places.min(axis=0)) / span
    if np.linalg.matrix_rank(places - places.mean(axis=0), tol=1e-6) < 2:
        return ()
    return tuple(tuple(map(int, corner)) for corner in Delaunay(places).simplices)
