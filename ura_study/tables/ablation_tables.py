"""Tables of ablations: the parts that a variant has, or its values of the varied keys, and the means of metrics."""

from __future__ import annotations

from collections.abc import Sequence

from ura_study.errors import ConfigError
from ura_study.results.cell import Cell
from ura_study.results.frame import lookup, setting
from ura_study.results.results import Results
from ura_study.study.config import Ablation
from ura_study.study.names import readable
from ura_study.study.plan import BASELINE, Variant
from ura_study.tables.asked import NOT_POSSIBLE, asked, headings, refusals, variants_of, with_baseline
from ura_study.tables.built_up import built_up
from ura_study.tables.metric_tables import MEANS, mean_cells, metric_columns, notes
from ura_study.tables.model import Row, Table
from ura_study.tables.names import NONE, WITH, WITHOUT

#: Labels of a row, and the variant in it; None: a combination that is left out.
Line = tuple[tuple[str, ...], Variant | None]


def components(results: Results) -> list[Table]:
    """Return a table for each ablation of parts: which of them each variant has, and means of metrics.

    Raises:
        ConfigError: where the study has no such ablation.
    """
    found = {name: a for name, a in results.study.ablations.items() if a.parts}
    if not found:
        raise ConfigError(
            f"study '{results.study.study}': a table of components needs a leave_one_out, add_one_in or factorial "
            "ablation"
        )
    return [_parts(results, name, ablation) for name, ablation in found.items()]


def sweeps(results: Results) -> list[Table]:
    """Return a table for each key of a `sweep` and for each `grid`: the values of the keys, and means of metrics.

    Raises:
        ConfigError: where the study has no such ablation.
    """
    found = {name: a for name, a in results.study.ablations.items() if not a.parts}
    if not found:
        raise ConfigError(f"study '{results.study.study}': a table of a sweep needs a sweep or grid ablation")
    return [
        _values(results, name, ablation, keys)
        for name, ablation in found.items()
        for keys in (
            [tuple(ablation.grid)] if ablation.grid is not None else [(key,) for key in ablation.values_by_key()]
        )
    ]


def _parts(results: Results, name: str, ablation: Ablation) -> Table:
    if ablation.add_one_in is not None:
        return built_up(results, name, ablation)
    keys, stubs = ablation.parts, headings(results, ablation.parts)
    if ablation.factorial is not None:
        lines: list[Line] = [
            (tuple(NONE if key in changes else WITH for key in keys), variant)
            for changes, variant in asked(results, ablation)
        ]
        title = f"Combinations of parts, {MEANS}"
        return _table(results, "components", name, title, stubs, lines, refusals(results, name))
    variants = with_baseline(results, variants_of(results, ablation))
    lines = [((v.name, *(_mark(v, key) for key in keys)), v) for v in variants]
    return _table(results, "components", name, f"Parts left out, {MEANS}", ("variant", *stubs), lines)


def _values(results: Results, name: str, ablation: Ablation, keys: tuple[str, ...]) -> Table:
    found = [(changes, variant) for changes, variant in asked(results, ablation) if tuple(changes) == keys]
    known = [variant for _, variant in found if variant is not None]
    variants = in_order(with_baseline(results, known), keys)
    if len(keys) > 1:  # a grid, in its own order
        variants = [variant for variant in variants if variant not in known]
    lines: list[Line] = [(tuple(_value(v, key) for key in keys), v) for v in variants]
    lines += [(tuple(map(readable, changes.values())), v) for changes, v in found if len(keys) > 1]
    stubs = headings(results, keys)
    about = name if len(keys) == len(ablation.values_by_key()) else f"{name}: {stubs[0]}"
    title = f"Values of {' and '.join(stubs)}, {MEANS}"
    return _table(results, "sweep", about, title, stubs, lines, refusals(results, name))


def _table(
    results: Results,
    name: str,
    about: str,
    title: str,
    stubs: tuple[str, ...],
    lines: Sequence[Line],
    further: tuple[str, ...] = (),
) -> Table:
    """Return a table of variants, means over categories; `further` are more notes."""
    columns = metric_columns(results)
    rows = tuple(Row(shown, _cells(results, variant, len(columns))) for shown, variant in lines)
    return Table(
        name=name,
        title=title,
        stubs=stubs,
        columns=columns,
        rows=rows,
        notes=(*notes(results, results.metrics, rows), *further),
        kind="share",
        about={"ablation": about},
    )


def _cells(results: Results, variant: Variant | None, count: int) -> tuple[Cell, ...]:
    return (NOT_POSSIBLE,) * count if variant is None else mean_cells(results, variant.name)


def in_order(variants: list[Variant], keys: tuple[str, ...]) -> list[Variant]:
    """Return the variants sorted by value for a single key whose values are all numbers, else in the given order."""
    values = {v.name: lookup(v.settings.model_dump(), keys[0]) for v in variants}
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values.values())
    return sorted(variants, key=lambda v: values[v.name]) if numeric and len(keys) == 1 else variants


def _mark(variant: Variant, key: str) -> str:
    return WITHOUT if lookup(variant.settings.model_dump(), key) in (None, False) else WITH


def _value(variant: Variant, key: str) -> str:
    """Return the value of a key as written in the variant's name; the value of `full` has ` (full)` appended."""
    if variant.ablation is not None:
        return readable(variant.changes[key])
    return f"{setting(variant.settings.model_dump(mode='json'), key) or '–'} ({BASELINE})"
