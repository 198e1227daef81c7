"""The table of a `factorial` ablation's effects: what each part buys, and what pairs of parts buy together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ura_study.errors import ConfigError
from ura_study.results.cell import Cell
from ura_study.results.effects import Effect, effects
from ura_study.results.frame import outcomes
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.results.statistics import LEAST_UNITS, LEVEL, interval
from ura_study.study.config import Ablation
from ura_study.tables.asked import asked, headings, refusals
from ura_study.tables.comparison_table import NO_PAIR
from ura_study.tables.model import Column, Row, Table

#: Between the names of two parts that interact.
TIMES = " × "
LEGEND = (
    "Effect of a part: the mean with it minus the mean without it, over all combinations of the other parts. "
    "Interaction (×): the effect of one part where the other is on, minus its effect where the other is off."
)


def effects_tables(results: Results) -> list[Table]:
    """Return a table for each `factorial` ablation: main effects and interactions of two parts, in every metric.

    Raises:
        ConfigError: where the study has no such ablation.
    """
    found = {name: a for name, a in results.study.ablations.items() if a.factorial is not None}
    if not found:
        raise ConfigError(f"study '{results.study.study}': a table of effects needs a factorial ablation")
    return [_table(results, name, ablation) for name, ablation in found.items()]


def _table(results: Results, name: str, ablation: Ablation) -> Table:
    known = [_effects(results, metric, ablation) for metric in results.metrics]
    labels = [_label(results, ablation, effect) for effect in known[0]]
    units = [[_by_unit(results, effect.values) for effect in found] for found in known]
    ids = [i for _, v in asked(results, ablation) if v is not None for i in results.plan.ids[v.name]]
    rows = tuple(Row((label,), tuple(_cell(found[i], ids) for found in units)) for i, label in enumerate(labels))
    return Table(
        name="effects",
        title="Effects of parts and of pairs of parts",
        stubs=("effect",),
        columns=tuple(Column(metric, results.title(metric), "points") for metric in results.metrics),
        rows=rows,
        notes=(
            LEGEND,
            *_numbers(results, [len(values) for found in units for values in found]),
            *_gaps(known),
            *_incomplete(known[0], labels),
            *refusals(results, name),
            *results.caveats,
            *results.mixed,
        ),
        kind="points",
        about={"ablation": name},
    )


def by_unit(results: Results, metric: str, ablation: Ablation) -> dict[str, np.ndarray]:
    """Return name → effect (units,) of a `factorial` ablation; names of interactions have a ×."""
    found = _effects(results, metric, ablation)
    return {_label(results, ablation, effect): _by_unit(results, effect.values) for effect in found}


def _label(results: Results, ablation: Ablation, effect: Effect) -> str:
    parts = headings(results, ablation.parts)
    return TIMES.join(parts[axis] for axis in effect.axes)


def _effects(results: Results, metric: str, ablation: Ablation) -> list[Effect]:
    """Return the effects in one metric, of each seed and category, in the order of the plan's cells."""
    rows = dict(tuple(outcomes(results.plan, results.records, [metric]).groupby("variant", sort=False)))
    shape, pairs = (2,) * len(ablation.parts), len(results.plan.seeds) * len(results.plan.categories)
    values, exists = np.full((*shape, pairs), math.nan), np.zeros(shape, bool)
    for changes, variant in asked(results, ablation):
        if variant is not None:
            place = tuple(int(part not in changes) for part in ablation.parts)
            values[place], exists[place] = rows[variant.name][metric].to_numpy(), True
    return effects(values, exists)


def _by_unit(results: Results, values: np.ndarray) -> np.ndarray:
    """Return the means over seeds (categories,) of values (seeds · categories,); of one category, those of its seeds.

    A seed without a value is left out, and so is a category without any.
    """
    grid = values.reshape(len(results.plan.seeds), len(results.plan.categories))
    grid = grid if grid.shape[1] > 1 else grid.T
    known = ~np.isnan(grid)
    return np.where(known, grid, 0).sum(axis=0)[known.any(axis=0)] / known.sum(axis=0)[known.any(axis=0)]


def _cell(values: np.ndarray, run_ids: Sequence[str]) -> Cell:
    if not len(values):
        return NO_PAIR
    low, high = interval(values)
    return Cell((float(values.mean()),), interval=None if math.isnan(low) else (low, high), run_ids=tuple(run_ids))


def _numbers(results: Results, counts: list[int]) -> list[str]:
    """Return the sentence on what the numbers are: over how many units, and with which intervals."""
    low, high = min(counts), max(counts)
    unit = "category" if len(results.plan.categories) > 1 else "seed"
    over = counted(high, unit) if low == high else f"{low} to {counted(high, unit)}"
    bars = f"{LEVEL:.0%} intervals in brackets" if high >= LEAST_UNITS else f"fewer than {LEAST_UNITS} have no interval"
    return [f"Means over {over}; {bars}."]


def _gaps(known: list[list[Effect]]) -> list[str]:
    most = max(int(np.isnan(effect.values).sum()) for found in known for effect in found)
    what = "of category and seed left out at most, where a run failed, is missing, or has no value"
    return [f"{counted(most, 'pair')} {what}."] if most else []


def _incomplete(found: list[Effect], labels: list[str]) -> list[str]:
    """Return the sentence on effects that could not be taken over all combinations of the other parts."""
    parts = [
        f"{label} over {effect.contexts} of {effect.possible}"
        for effect, label in zip(found, labels, strict=True)
        if effect.contexts < effect.possible
    ]
    return [f"Over those combinations of the other parts that can be: {', '.join(parts)}."] if parts else []
