"""From a study to its variants, and from variants to runs: pure, nothing is read or run here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ura_study.canonical import canonical, digest
from ura_study.config import Ablation, Study, Value, VariantSettings, validated
from ura_study.errors import ConfigError, nearest

#: Name of the baseline variant.
BASELINE = "full"
#: Raised when the same configuration comes to mean other numbers: older records are then not reused.
RUN_VERSION = 1


@dataclass(frozen=True)
class Variant:
    """One named configuration."""

    name: str
    settings: VariantSettings
    changes: Mapping[str, Value] = field(default_factory=dict)
    """Dotted keys in which it differs from the baseline."""
    ablation: str | None = None
    """The ablation it comes from; None for the baseline."""


@dataclass(frozen=True)
class Run:
    """One variant on one category with one seed. Variants that are equal under two names share their runs."""

    run_id: str
    variant: str
    category: str
    seed: int
    settings: VariantSettings
    fingerprint: str
    """Content hash of the category's data."""


@dataclass(frozen=True)
class Plan:
    """All that a study runs."""

    variants: tuple[Variant, ...]
    categories: tuple[str, ...]
    seeds: tuple[int, ...]
    cells: Mapping[tuple[str, str, int], str]
    """(variant, category, seed) → run id."""
    runs: Mapping[str, Run]
    """run id → run, in the order of execution."""


def make_plan(study: Study, fingerprints: Mapping[str, str]) -> Plan:
    """Return the runs of a study over the categories in `fingerprints` (category → content hash of its data)."""
    named = expand(study)
    cells: dict[tuple[str, str, int], str] = {}
    runs: dict[str, Run] = {}
    for variant, seed, (category, fingerprint) in itertools.product(named, study.seeds, fingerprints.items()):
        run = Run(
            _run_id(study, variant, category, fingerprint, seed),
            variant.name,
            category,
            seed,
            variant.settings,
            fingerprint,
        )
        cells[variant.name, category, seed] = run.run_id
        runs.setdefault(run.run_id, run)
    return Plan(named, tuple(fingerprints), study.seeds, cells, runs)


def expand(study: Study) -> tuple[Variant, ...]:
    """Return the baseline and the variants of all ablations, in the order of the study file.

    Raises:
        ConfigError: where an ablation names an unknown key, a value the schema rejects, or two ablations use one name
            for different configurations.
    """
    variants = {BASELINE: Variant(BASELINE, study.base)}
    for ablation_name, ablation in study.ablations.items():
        for name, changes in _changes(ablation):
            where = f"ablations.{ablation_name}"
            variant = Variant(name, changed(study.base, changes, where), changes, ablation_name)
            if variants.setdefault(name, variant).settings != variant.settings:
                name = _long_name(changes)
                if variants.setdefault(name, variant).settings != variant.settings:
                    raise ConfigError(f"{where}: variant '{name}' stands for two different configurations")
                variants[name] = Variant(name, variant.settings, changes, ablation_name)
    return tuple(variants.values())


def changed(base: VariantSettings, changes: Mapping[str, Value], where: str) -> VariantSettings:
    """Return `base` with dotted keys set to new values.

    Raises:
        ConfigError: beginning with `where`, for an unknown key or a value that the schema rejects.
    """
    raw = base.model_dump()
    for key, value in changes.items():
        _set(raw, key, value, where)
    return validated(VariantSettings, raw, where)


def _set(raw: dict, key: str, value: Value, where: str) -> None:
    *sections, last = key.split(".")
    for depth, section in enumerate(sections):
        if section not in raw:
            raise ConfigError(f"{where}: unknown key '{key}'{nearest(section, raw)}")
        raw = raw[section]
        if not isinstance(raw, dict):
            path = ".".join(sections[: depth + 1])
            raise ConfigError(f"{where}: '{key}' cannot be set, since the baseline has {path}: {str(raw).lower()}")
    if last not in raw:
        raise ConfigError(f"{where}: unknown key '{key}'{nearest(last, raw)}")
    raw[last] = value


def _changes(ablation: Ablation) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield name and changes of each variant of an ablation."""
    keys = ablation.keys()
    if ablation.leave_one_out is not None:
        yield from ((f"w/o {_last(key)}", {key: False}) for key in keys)
    elif ablation.sweep is not None:
        yield from ((_name({key: value}), {key: value}) for key, values in keys.items() for value in values)
    else:
        for values in itertools.product(*keys.values()):
            changes = dict(zip(keys, values, strict=True))
            yield _name(changes), changes


def _name(changes: Mapping[str, Value]) -> str:
    return ", ".join(f"{_last(key)}={_readable(value)}" for key, value in changes.items())


def _long_name(changes: Mapping[str, Value]) -> str:
    return ", ".join(f"{key}={_readable(value)}" for key, value in changes.items())


def _readable(value: Value) -> str:
    return value if isinstance(value, str) else canonical(value).replace(",", ", ").replace('"', "")


def _last(key: str) -> str:
    return key.rsplit(".", 1)[-1]


def _run_id(study: Study, variant: Variant, category: str, fingerprint: str, seed: int) -> str:
    return digest(
        {
            "version": RUN_VERSION,
            "settings": variant.settings.model_dump(mode="json"),
            "image_size": study.data.image_size,
            "evaluation": study.evaluation.model_dump(mode="json"),
            "category": category,
            "data": fingerprint,
            "seed": seed,
        }
    )
