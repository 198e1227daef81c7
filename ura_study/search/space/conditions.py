"""Which parameters are there: their conditions, the order these ask for, and what a choice of values changes."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ura_study.errors import ConfigError
from ura_study.search.space.parameter import Parameter, holds
from ura_study.settings import lookup, within
from ura_study.study.config import Value


def active(parameter: Parameter, values: Mapping[str, Value], own: Collection[str], base: Mapping[str, Any]) -> bool:
    """Whether a parameter is there: where each key of its conditions has its value.

    A key of the space (`own`) has what `values` say, and nothing where it is not there itself; any other key has what
    the baseline says (`base`, its nested mappings).
    """
    seen = {key: values.get(key, ...) if key in own else lookup(base, key) for key in parameter.domain.when}
    return all(holds(seen[key], wanted) for key, wanted in parameter.domain.when.items())


def assembled(values: Mapping[str, Value], base: Mapping[str, Any]) -> dict[str, Value]:
    """Return values of parameters (a section before its parts) as changes that `plan.changed` understands.

    A section that is switched on (`true`) is the baseline's where that has one, so nothing changes; else it is the
    default. Parts of a section that is set anew are set inside it.
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
    """Return the section inside the change of `whole` that holds `key`, made where it is missing.

    None where a part is switched off or is no section: what stands there then rejects the key.
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
    """Return parameters so that conditions come before what they condition, else as they stand.

    Raises:
        ConfigError: for conditions that go in a circle.
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
    """Return a parameter of a circle: every one of those that wait conditions on another of them."""
    seen: set[str] = set()
    key = next(iter(waiting))
    while key not in seen:
        seen.add(key)
        key = next(other for other in waiting[key].domain.when if other in waiting)
    return key
