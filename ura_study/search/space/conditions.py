"""Conditions of parameters: which are active, the order that conditions require, and the changes that values make."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ura_study.errors import ConfigError
from ura_study.search.space.parameter import Parameter, holds
from ura_study.settings import lookup, within
from ura_study.study.config import Value


def active(parameter: Parameter, values: Mapping[str, Value], own: Collection[str], base: Mapping[str, Any]) -> bool:
    """Tell whether a parameter is active: each key in its conditions has the wanted value.

    Args:
        parameter: the parameter.
        values: the values of active parameters chosen so far.
        own: the keys of the space; a condition on one that is not active does not hold.
        base: the baseline as nested mappings, which has the values of all other keys.
    """
    seen = {key: values.get(key, ...) if key in own else lookup(base, key) for key in parameter.domain.when}
    return all(holds(seen[key], wanted) for key, wanted in parameter.domain.when.items())


def assembled(values: Mapping[str, Value], base: Mapping[str, Any]) -> dict[str, Value]:
    """Return values of parameters (a section before its parts) as changes for `plan.changed`.

    The value `true` for a section changes nothing if the baseline has this section; otherwise it stands for the default
    section. If a section is among the changes, values of keys inside it are put into its change.
    """
    changes: dict[str, Value] = {}
    for key, value in values.items():
        whole = max((other for other in changes if within(key, other)), key=len, default=None)
        if whole is not None and (section := _inside(changes, key, whole)) is not None:
            section[key.rpartition(".")[2]] = copy.deepcopy(value)
        elif value is not True or not isinstance(lookup(base, key), dict):
            changes[key] = copy.deepcopy(value)
    return changes


def _inside(changes: dict[str, Value], key: str, whole: str) -> dict[str, Any] | None:
    """Return the section that holds `key` inside the change of `whole`; missing sections are created.

    None if a section on the way is switched off or not a section; validation of the variant then rejects the key.
    """
    section, last = changes, whole
    for part in key.removeprefix(f"{whole}.").split("."):
        if section.get(last, True) is True:
            section[last] = {}
        if not isinstance(section[last], dict):
            return None
        section, last = section[last], part
    return section


def ordered(parameters: Iterable[Parameter], where: str) -> tuple[Parameter, ...]:
    """Return parameters sorted so that each comes after those in its conditions, otherwise in the given order.

    Raises:
        ConfigError: where conditions are circular.
    """
    waiting = {parameter.key: parameter for parameter in parameters}
    done: list[Parameter] = []
    while waiting:
        ready = next((p for p in waiting.values() if not p.domain.when.keys() & waiting.keys()), None)
        if ready is None:
            raise ConfigError(f"{where}.{_circle(waiting)}: the conditions (when) go in a circle")
        done.append(waiting.pop(ready.key))
    return tuple(done)


def _circle(waiting: Mapping[str, Parameter]) -> str:
    """Return the key of a parameter in a circle; each parameter in `waiting` depends on another one there."""
    seen: set[str] = set()
    key = next(iter(waiting))
    while key not in seen:
        seen.add(key)
        key = next(other for other in waiting[key].domain.when if other in waiting)
    return key
