"""Tables of ablations: the parts that a variant has, or its values of the varied keys, and the means of metrics."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from ura_study.errors import ConfigError
from ura_study.results.frame import lookup, setting
from ura_study.results.results import Results
from ura_study.study.config import Ablation
from ura_study.study.names import readable, short_names
from ura_study.study.plan import BASELINE, Variant, changes_of
from ura_study.tables.metric_tables import MEANS, mean_cells, metric_columns, notes
from ura_study.tables.model import Row, Table
from ura_study.tables.names import WITH, WITHOUT


def components(results: Results) -> list[Table]:
    """Return a table for each `leave_one_out` ablation: ✓ or ✗ for each part of each variant, and means of metrics.

    Raises:
        ConfigError: where the study has no such ablation.
    """
    found = {name: a for name, a in results.study.ablations.items() if a.leave_one_out is not None}
    if not found:
        raise ConfigError(f"study '{results.study.study}': a table of components needs a leave_one_out ablation")
    return [_components(results, name, ablation) for name, ablation in found.items()]


def sweeps(results: Results) -> list[Table]:
    """Return a table for each key of a `sweep` and for each `grid`: the values of the keys, and means of metrics.

    Raises:
        ConfigError: where the study has no such ablation.
    """
    found = {name: a for name, a in results.study.ablations.items() if a.leave_one_out is None}
    if not found:
        raise ConfigError(f"study '{results.study.study}': a table of a sweep needs a sweep or grid ablation")
    return [
        _values(results, name, ablation, keys)
        for name, ablation in found.items()
        for keys in (
            [tuple(ablation.grid)] if ablation.grid is not None else [(key,) for key in ablation.values_by_key()]
        )
    ]


def _components(results: Results, name: str, ablation: Ablation) -> Table:
    keys = tuple(ablation.values_by_key())
    variants = with_baseline(results, variants_of(results, ablation))
    rows = {v.name: (v.name, *(_mark(v, key) for key in keys)) for v in variants}
    stubs = ("variant", *headings(results, keys))
    return _table(results, "components", name, f"Parts left out, {MEANS}", stubs, rows)


def _values(results: Results, name: str, ablation: Ablation, keys: tuple[str, ...]) -> Table:
    variants = [v for v in variants_of(results, ablation) if tuple(v.changes) == keys]
    variants = in_order(with_baseline(results, variants), keys)
    rows = {v.name: tuple(_value(v, key) for key in keys) for v in variants}
    stubs = headings(results, keys)
    about = name if len(keys) == len(ablation.values_by_key()) else f"{name}: {stubs[0]}"
    return _table(results, "sweep", about, f"Values of {' and '.join(stubs)}, {MEANS}", stubs, rows)


def _table(
    results: Results, name: str, about: str, title: str, stubs: tuple[str, ...], labels: Mapping[str, tuple[str, ...]]
) -> Table:
    """Return a table of variants; `labels` maps the name of each to the labels of its row."""
    rows = tuple(Row(shown, mean_cells(results, variant)) for variant, shown in labels.items())
    return Table(
        name=name,
        title=title,
        stubs=stubs,
        columns=metric_columns(results),
        rows=rows,
        notes=notes(results, results.metrics, rows),
        kind="share",
        about={"ablation": about},
    )


def variants_of(results: Results, ablation: Ablation) -> list[Variant]:
    """Return the variants of an ablation, including those that an earlier ablation has named."""
    changes = list(changes_of(ablation))
    return [next(v for v in results.plan.variants if v.ablation and dict(v.changes) == change) for change in changes]


def with_baseline(results: Results, variants: list[Variant]) -> list[Variant]:
    """Return the variants with `full` before them, unless one of them is the same configuration."""
    base = next(v for v in results.plan.variants if v.name == BASELINE)
    return variants if any(v.settings == base.settings for v in variants) else [base, *variants]


def in_order(variants: list[Variant], keys: tuple[str, ...]) -> list[Variant]:
    """Return the variants sorted by value for a single key whose values are all numbers, else in the given order."""
    values = {v.name: lookup(v.settings.model_dump(), keys[0]) for v in variants}
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values.values())
    return sorted(variants, key=lambda v: values[v.name]) if numeric and len(keys) == 1 else variants


def headings(results: Results, keys: Iterable[str]) -> tuple[str, ...]:
    """Return the short names of keys, unambiguous among all keys that the ablations of the study vary."""
    ablations = results.study.ablations.values()
    names = short_names([*itertools.chain.from_iterable(a.values_by_key() for a in ablations)])
    return tuple(names[key] for key in keys)


def _mark(variant: Variant, key: str) -> str:
    return WITHOUT if lookup(variant.settings.model_dump(), key) in (None, False) else WITH


def _value(variant: Variant, key: str) -> str:
    """Return the value of a key as written in the variant's name; the value of `full` has ` (full)` appended."""
    if variant.ablation is not None:
        return readable(variant.changes[key])
    return f"{setting(variant.settings.model_dump(mode='json'), key) or '–'} ({BASELINE})"
