"""A search space: conversion between its YAML, Optuna's parameters and changes of the baseline by dotted keys."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.trial import BaseTrial

from ura_study.errors import ConfigError, nearest
from ura_study.search.space.checks import check, extremes, read_domain
from ura_study.search.space.conditions import active, assembled, ordered
from ura_study.search.space.parameter import Parameter, stored
from ura_study.settings import lookup
from ura_study.study.config import Value, VariantSettings
from ura_study.study.plan import changed

#: Most combinations of a grid; more are rejected as a mistake.
LARGEST_GRID = 100_000


@dataclass(frozen=True)
class Space:
    """The parameters that may vary, and the baseline that they change."""

    parameters: tuple[Parameter, ...]
    """Sorted: each parameter comes after those in its conditions."""
    base: VariantSettings
    where: str
    """File and key, for errors."""

    def suggest(self, trial: BaseTrial) -> dict[str, Value]:
        """Ask a trial for a value of each active parameter, and return the changes of the baseline that result."""
        return self._changes(lambda parameter: parameter.value(parameter.suggest(trial)))

    def changes(self, params: Mapping[str, Any]) -> dict[str, Value]:
        """Return the changes of the baseline for Optuna's parameters of a trial; one without a value changes nothing.

        Raises:
            ConfigError: where a parameter or its value is not in this space.
        """
        searched = [parameter.key for parameter in self.parameters if parameter.searched]
        for key in params.keys() - set(searched):
            raise ConfigError(f"{self.where}.{key}: is in a stored trial but not in the space{nearest(key, searched)}")

        def kept(parameter: Parameter) -> Value:
            try:
                return parameter.value(params[parameter.key]) if parameter.key in params else ...
            except ValueError as error:
                raise ConfigError(f"{self.where}.{parameter.key}: stored trial: {error}") from error

        return self._changes(kept)

    def params(self, settings: VariantSettings) -> dict[str, Any] | None:
        """Return the settings of a variant as Optuna's parameters; None if the variant is not in the space."""
        raw = settings.model_dump()

        def matching(values: dict[str, Value], rest: tuple[Parameter, ...]) -> Iterator[dict[str, Value]]:
            if not rest:
                yield values
            elif not self._active(rest[0], values):
                yield from matching(values, rest[1:])
            else:
                for value in rest[0].domain.matching(lookup(raw, rest[0].key)):
                    yield from matching(values | {rest[0].key: value}, rest[1:])

        for values in matching({}, self.parameters):
            if changed(self.base, assembled(values, self._raw), self.where) == settings:
                return self._stored(values)
        return None

    def distributions(self) -> dict[str, BaseDistribution]:
        """Return key → Optuna's distribution of all parameters that are not fixed."""
        return {parameter.key: parameter.distribution() for parameter in self.parameters if parameter.searched}

    def grid(self) -> list[dict[str, Any]]:
        """Return all combinations as Optuna's parameters, each with only its active parameters.

        Raises:
            ConfigError: where a range has no steps, or there are more than `LARGEST_GRID` combinations.
        """
        for parameter in self.parameters:
            if parameter.domain.size() == float("inf"):
                raise ConfigError(f"{self.where}.{parameter.key}: a grid needs a `step` here, or a `choice` of values")
        grid = list(itertools.islice(self._combinations({}, self.parameters), LARGEST_GRID + 1))
        if len(grid) > LARGEST_GRID:
            raise ConfigError(f"{self.where}: a grid of more than {LARGEST_GRID:,} combinations; thin out some domains")
        return grid

    def extremes(self, section: str) -> list[tuple[str, dict[str, Value]]]:
        """Return key of a parameter in a section (`data`), and the changes that give it one of its values, for each
        value; of a range, for the ends alone.
        """
        return list(extremes(self.parameters, self.base, self.where, section))

    def _combinations(self, values: dict[str, Value], rest: tuple[Parameter, ...]) -> Iterator[dict[str, Any]]:
        if not rest:
            yield self._stored(values)
            return
        for value in rest[0].domain.values() if self._active(rest[0], values) else [...]:
            yield from self._combinations(values if value is ... else values | {rest[0].key: value}, rest[1:])

    def _changes(self, choose: Callable[[Parameter], Value]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for parameter in self.parameters:
            if self._active(parameter, values):
                value = choose(parameter) if parameter.searched else parameter.domain.values()[0]
                values |= {} if value is ... else {parameter.key: value}
        return assembled(values, self._raw)

    def _stored(self, values: Mapping[str, Value]) -> dict[str, Any]:
        return {p.key: stored(values[p.key]) for p in self.parameters if p.searched and p.key in values}

    def _active(self, parameter: Parameter, values: Mapping[str, Value]) -> bool:
        return active(parameter, values, self._keys, self._raw)

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(parameter.key for parameter in self.parameters)

    @cached_property
    def _raw(self) -> dict[str, Any]:
        return self.base.model_dump()


def read_space(raw: Mapping[str, Any], base: VariantSettings, where: str) -> Space:
    """Return the search space that a mapping from dotted keys to domains describes, checked against the baseline.

    Args:
        raw: key → domain, as read from YAML.
        base: the settings of the baseline.
        where: file and key of the space, for errors.

    Raises:
        ConfigError: beginning with `where` and the key, for an invalid domain, a key or value that a variant does not
            accept, conditions that cannot hold, or values that exclude each other; also where all keys are fixed.
    """
    parameters = ordered(
        [Parameter(str(key), read_domain(str(key), domain, where)) for key, domain in raw.items()], where
    )
    if not any(parameter.searched for parameter in parameters):
        raise ConfigError(f"{where}: a search space needs at least one parameter that is not fixed")
    check(parameters, base, where)
    return Space(parameters, base, where)
