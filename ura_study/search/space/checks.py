"""Checks of a search space before anything starts. Every error names the key concerned."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from pydantic import ValidationError

from ura_study.errors import ConfigError
from ura_study.search.space.conditions import assembled
from ura_study.search.space.config import DOMAINS, ChoiceDomain, Domain, RangeDomain
from ura_study.search.space.parameter import Parameter, holds, stored
from ura_study.settings import lookup, within
from ura_study.study.config import Value, VariantSettings
from ura_study.study.config_errors import explain, shown, unknown_key
from ura_study.study.names import readable
from ura_study.study.plan import changed

#: Up to this size, all values of a domain are tried on the baseline; of a larger range, only its ends.
TRIED = 1000
#: The same limit when two parameters are tried together.
TRIED_TOGETHER = 16


def read_domain(key: str, raw: object, where: str) -> Domain:
    """Return the domain that YAML describes.

    Args:
        key: the parameter's dotted key.
        raw: its domain as read from YAML.
        where: file and key of the space, for errors.

    Raises:
        ConfigError: where `raw` is not a valid domain, or a choice has the same value twice.
    """
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where}.{key}: expected a domain such as {{float: [0.1, 1.0]}}, but got {shown(raw)}")
    kinds = [kind for kind in DOMAINS if kind in raw]
    if len(kinds) > 1:
        raise ConfigError(f"{where}.{key}: expected one of {', '.join(DOMAINS)}, but got {' and '.join(kinds)}")
    if not kinds:
        known = {field for kind in DOMAINS.values() for field in kind.model_fields}
        for wrong in sorted(map(str, raw.keys() - known)):
            raise ConfigError(f"{where}.{key}.{wrong}: {unknown_key(wrong, DOMAINS)}")
        raise ConfigError(f"{where}.{key}: one of {', '.join(DOMAINS)} is required")
    try:
        domain = DOMAINS[kinds[0]].model_validate(dict(raw))
    except ValidationError as error:  # errors on the whole domain name its key
        said = explain(error, DOMAINS[kinds[0]], raw).removeprefix("the file: ")
        raise ConfigError(f"{where}.{key}: {said}") from error
    values = domain.choice if isinstance(domain, ChoiceDomain) else ()
    for first, second in itertools.combinations(values, 2):
        if first == second or readable(first) == readable(second):
            raise ConfigError(f"{where}.{key}.choice: {shown(first)} and {shown(second)} are the same value twice")
    return domain


def check(parameters: tuple[Parameter, ...], base: VariantSettings, where: str) -> None:
    """Raise a `ConfigError` unless all conditions can hold and a variant accepts all values of the parameters.

    Each value (for a large range, only the ends) is tried on the baseline, changed so that the conditions of the
    parameter hold. Then the values of each pair of parameters are tried together, since settings restrict each other.
    """
    _check_conditions(parameters, base, where)
    contexts = _contexts(parameters, base, where)
    raw = base.model_dump()

    def accept(parameter: Parameter, values: Mapping[str, Value], note: str = "") -> None:
        try:
            if changed(base, assembled(values, raw), where).model.oracle:
                raise ConfigError("no search may try a variant that is told the true masks")
        except ConfigError as error:
            said = str(error).removeprefix(f"{where}: ")
            key = parameter.key
            line = said if said.startswith(key) and not note else f"{key}: {note}{said}"
            raise ConfigError(f"{where}.{line}") from error

    for parameter in parameters:
        for value in _tried(parameter, TRIED):
            accept(parameter, contexts[parameter.key] | {parameter.key: value})
    for first, second in itertools.combinations(parameters, 2):
        for one, other in itertools.product(_tried(first, TRIED_TOGETHER), _tried(second, TRIED_TOGETHER)):
            values = _merged(contexts[first.key], contexts[second.key], {first.key: one}, {second.key: other})
            if values is not None:
                note = f"{readable(one)} cannot go with {second.key}: {readable(other)}: "
                accept(first, _in_order(values, parameters), note)


def extremes(
    parameters: tuple[Parameter, ...], base: VariantSettings, where: str, section: str
) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield the key of each parameter in a section, and the changes that give it each of its values (the ends alone of
    a range) where its conditions hold.
    """
    contexts, raw = _contexts(parameters, base, where), base.model_dump()
    for parameter in parameters:
        if parameter.key.partition(".")[0] == section:
            domain = parameter.domain
            for value in domain.ends if isinstance(domain, RangeDomain) else domain.values():
                yield parameter.key, assembled(contexts[parameter.key] | {parameter.key: value}, raw)


def _check_conditions(parameters: tuple[Parameter, ...], base: VariantSettings, where: str) -> None:
    own = {parameter.key: parameter for parameter in parameters}
    for parameter in parameters:
        for key, wanted in parameter.domain.when.items():
            here = f"{where}.{parameter.key}.when.{key}"
            if key in own:
                _check_condition(own[key], wanted, here)
            elif whole := next((other for other in own if within(key, other)), None):
                raise ConfigError(f"{here}: is a part of {whole}, which is in the space; condition on {whole}")
        for whole in (other for other in own if within(parameter.key, other)):
            if whole not in _conditions(parameter, own):
                raise ConfigError(
                    f"{where}.{parameter.key}: is a part of {whole}, which is in the space as well; "
                    f"say when it is there: when: {{{whole}: true}}"
                )


def _check_condition(on: Parameter, wanted: Value, here: str) -> None:
    if isinstance(on.domain, RangeDomain):
        raise ConfigError(f"{here}: a condition needs a choice or a fixed value, but {on.key} is a range")
    if not any(holds(value, wanted) for value in on.domain.values()):
        values = ", ".join(map(readable, on.domain.values()))
        raise ConfigError(f"{here}: {readable(wanted)} is never its value; the space has {values}")


def _conditions(parameter: Parameter, own: Mapping[str, Parameter]) -> Iterator[str]:
    """Yield the keys on which a parameter depends, directly or through other parameters of the space."""
    for key in parameter.domain.when:
        yield key
        if key in own:
            yield from _conditions(own[key], own)


def _contexts(parameters: tuple[Parameter, ...], base: VariantSettings, where: str) -> dict[str, dict[str, Value]]:
    """Return key of each parameter → values of other keys for which its conditions hold.

    Raises:
        ConfigError: where the conditions of a parameter contradict each other.
    """
    raw = base.model_dump()
    own = {parameter.key: parameter for parameter in parameters}
    contexts: dict[str, dict[str, Value]] = {}
    for parameter in parameters:  # sorted: parameters in its conditions come before it
        parts = []
        for key, wanted in parameter.domain.when.items():
            if key in own:
                parts += [contexts[key], {key: next(v for v in own[key].domain.values() if holds(v, wanted))}]
            elif not holds(lookup(raw, key), wanted):
                changed(base, {key: wanted}, f"{where}.{parameter.key}.when")
                parts.append({key: wanted})
        context = _merged(*parts)
        if context is None:
            raise ConfigError(f"{where}.{parameter.key}.when: the conditions contradict each other")
        contexts[parameter.key] = _in_order(context, parameters)
    return contexts


def _merged(*parts: Mapping[str, Value]) -> dict[str, Value] | None:
    """Return the union of mappings; None if two have different values for a key."""
    merged: dict[str, Value] = {}
    for key, value in itertools.chain.from_iterable(part.items() for part in parts):
        if stored(merged.setdefault(key, value)) != stored(value):
            return None
    return merged


def _in_order(values: Mapping[str, Value], parameters: Iterable[Parameter]) -> dict[str, Value]:
    """Return values in this order: keys that are not parameters, then the parameters in their order."""
    own = [parameter.key for parameter in parameters if parameter.key in values]
    return {key: values[key] for key in [*(key for key in values if key not in own), *own]}


def _tried(parameter: Parameter, limit: int) -> list[Value]:
    domain = parameter.domain
    if isinstance(domain, RangeDomain) and domain.size() > limit:
        return list(domain.ends)
    return domain.values()
