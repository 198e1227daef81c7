"""From a study to its variants, and from variants to runs: pure, nothing is read or run here."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeVar

from ura_study.canonical import digest
from ura_study.data.config import DataSettings
from ura_study.data.protocol import fingerprints as depended_on
from ura_study.data.synthetic.cache import recipe
from ura_study.errors import ConfigError, nearest
from ura_study.plugins import identities
from ura_study.report.config import BASELINE
from ura_study.settings import effective_part
from ura_study.study.combinations import check_parts, tried, variant_name
from ura_study.study.config import Configuration, Study, Value, VariantSettings, validated
from ura_study.study.config_errors import unknown_key
from ura_study.study.names import readable, short_names

#: Version, raised when the same configuration gives different results; older records are then not reused.
RUN_VERSION = 7

S = TypeVar("S", bound=VariantSettings)


@dataclass(frozen=True)
class Variant:
    """One named configuration."""

    name: str
    settings: Configuration
    changes: Mapping[str, Value] = field(default_factory=dict)
    """Dotted keys that differ from the baseline, with their values."""
    ablation: str | None = None
    """The ablation it comes from; None for the baseline."""


@dataclass(frozen=True)
class LeftOut:
    """A combination of values that an ablation asks for and that cannot be."""

    name: str
    ablation: str
    changes: Mapping[str, Value]
    reason: str


@dataclass(frozen=True)
class Run:
    """One variant on one category with one seed. Variants with equal settings but different names share their runs."""

    run_id: str
    variant: str
    category: str
    seed: int
    settings: VariantSettings
    data: DataSettings
    fingerprint: str
    """Content hash of the category's data."""


@dataclass(frozen=True)
class Plan:
    """All that a study runs."""

    variants: tuple[Variant, ...]
    fingerprints: Mapping[str, str]
    """Category → content hash of its data, in the order of the tables."""
    seeds: tuple[int, ...]
    cells: Mapping[tuple[str, str, int], str]
    """(variant, category, seed) → run id."""
    runs: Mapping[str, Run]
    """run id → run, in the order of execution."""
    unread: int = 0
    """Number of files in the data folder that look like images but are not read."""

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(self.fingerprints)

    @cached_property
    def ids(self) -> Mapping[str, tuple[str, ...]]:
        """Variant name → the ids of its runs, in the order of the cells."""
        ids: dict[str, list[str]] = {variant.name: [] for variant in self.variants}
        for (variant, _, _), run_id in self.cells.items():
            ids[variant].append(run_id)
        return {variant: tuple(listed) for variant, listed in ids.items()}


def make_plan(study: Study, fingerprints: Mapping[str, str], variants: Sequence[Variant] | None = None) -> Plan:
    """Return the runs of a study over the categories in `fingerprints` (category → content hash of its data).

    Its variants are the baseline and those of the ablations, unless others are given.

    Raises:
        DataError: where a variant unifies one category alone.
    """
    named = expand(study) if variants is None else tuple(variants)
    cells: dict[tuple[str, str, int], str] = {}
    runs: dict[str, Run] = {}
    for variant in named:
        own, data = variant.settings.own, study.data_of(variant.settings)
        same, found = _identity(study, own, data), depended_on(data, fingerprints)
        for seed, (category, fingerprint) in itertools.product(study.seeds, found.items()):
            run_id = digest(same | {"category": category, "data": fingerprint, "seed": seed})
            cells[variant.name, category, seed] = run_id
            runs.setdefault(run_id, Run(run_id, variant.name, category, seed, own, data, fingerprint))
    return Plan(named, fingerprints, study.seeds, cells, runs)


def different_data(study: Study, variants: Iterable[Variant]) -> tuple[DataSettings, ...]:
    """Return the different data settings of variants, in their order."""
    every = (study.data_of(variant.settings) for variant in variants)
    return tuple({data.model_dump_json(): data for data in every}.values())


def joined(plan: Plan, more: Plan) -> Plan:
    """Return the plan with the variants of both, which must have the same data and seeds; variants may repeat."""
    variants = {variant.name: variant for variant in (*plan.variants, *more.variants)}
    runs = dict(plan.runs) | {run_id: run for run_id, run in more.runs.items() if run_id not in plan.runs}
    cells = dict(plan.cells) | dict(more.cells)
    return Plan(tuple(variants.values()), plan.fingerprints, plan.seeds, cells, runs, plan.unread)


def expand(study: Study) -> tuple[Variant, ...]:
    """Return the baseline and the variants of all ablations, in the order of the study file.

    Raises:
        ConfigError: where an ablation names an unknown key or a value the schema rejects, where one name would
            stand for different configurations, or where `report.baseline` is none of the variants.
    """
    variants = {BASELINE: Variant(BASELINE, study.baseline)}
    for one in _asked(study):
        if isinstance(one, LeftOut):
            continue
        if variants.setdefault(one.name, one).settings != one.settings:
            raise ConfigError(f"ablations.{one.ablation}: variant '{one.name}' stands for two different configurations")
    if (baseline := study.report.baseline) not in variants:
        raise ConfigError(f"report.baseline: no variant '{baseline}'{nearest(baseline, variants)}")
    return tuple(variants.values())


def left_out(study: Study) -> tuple[LeftOut, ...]:
    """Return the combinations that ablations ask for and that cannot be, in the order of the study file."""
    return tuple(one for one in _asked(study) if isinstance(one, LeftOut))


def _asked(study: Study) -> Iterator[Variant | LeftOut]:
    """Yield what ablations ask for; the same configuration may come several times."""
    labels = short_names([key for ablation in study.ablations.values() for key in ablation.values_by_key()])
    for name, ablation in study.ablations.items():
        where = f"ablations.{name}"
        check_parts(ablation, study.baseline.model_dump(), where)
        for one in tried(ablation, partial(changed, study.baseline, where=where), where):
            title = variant_name(ablation, one.changes, labels)
            if one.settings is None:
                yield LeftOut(title, name, one.changes, one.reason)
            elif one.changes:  # else it is the baseline
                yield Variant(title, one.settings, one.changes, name)


def changed(base: S, changes: Mapping[str, Value], where: str) -> S:
    """Return `base` with dotted keys set to new values; a section set to a mapping is replaced as a whole.

    Raises:
        ConfigError: beginning with `where`, for an unknown key or a value that the schema rejects.
    """
    raw = base.model_dump()
    for key, value in changes.items():
        _set(raw, key, value, where)
    return validated(type(base), raw, where)


def _set(raw: dict, key: str, value: Value, where: str) -> None:
    *sections, last = key.split(".")
    for depth, section in enumerate(sections, start=1):
        if section not in raw:
            raise ConfigError(f"{where}: {key}: {unknown_key(section, raw)}")
        raw = raw[section]
        if not isinstance(raw, dict):
            above = ".".join(sections[:depth])
            raise ConfigError(f"{where}: {key}: cannot be set, since {above} is {readable(raw)}")
    if sections == ["data"] and last in DataSettings.model_fields.keys() - raw.keys():
        raise ConfigError(f"{where}: {key}: is the same for all variants; of data, {', '.join(sorted(raw))} may differ")
    if last not in raw:
        raise ConfigError(f"{where}: {key}: {unknown_key(last, raw)}")
    raw[last] = value


def _identity(study: Study, settings: VariantSettings, data: DataSettings) -> dict[str, object]:
    """Return what a run's id is made of beside category, fingerprint and seed."""
    drawn: dict[str, object] = {"recipe": recipe()} if data.validation else {}  # recipe of the synthetic defects
    if modules := study.plugins_of(settings):
        drawn |= {"plugins": identities(modules)}
    if study.further_metrics:
        drawn |= {"metrics": sorted(study.further_metrics)}
    return {
        "version": RUN_VERSION,
        "settings": effective_part(settings),
        **data.identity(),
        "evaluation": study.evaluation.model_dump(mode="json"),
        **drawn,
    }
