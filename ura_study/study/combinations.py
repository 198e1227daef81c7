"""The combinations of values that an ablation asks for, and those among them that the schema refuses.

Some parts need each other: URA-Net's synthesis, say, has nothing to train where perception and restoration are off. A
form that combines values (`grid`, `add_one_in`, `factorial`) leaves such combinations out and says why. A typo is still
an error: a value counts as wrong if it is accepted neither alone nor in any combination.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ura_study.errors import ConfigError
from ura_study.settings import lookup
from ura_study.study.config import Ablation, Value
from ura_study.study.names import readable

T = TypeVar("T")

#: Dotted keys with their values; none: the baseline itself.
Changes = Mapping[str, Value]


@dataclass(frozen=True)
class Tried(Generic[T]):
    """One combination, accepted or refused."""

    changes: Changes
    settings: T | None
    """None: refused."""
    reason: str = ""
    """Why it is refused."""


def changes_of(ablation: Ablation) -> Iterator[dict[str, Value]]:
    """Yield what each combination changes, in the order in which tables show them."""
    varied, parts = ablation.values_by_key(), ablation.parts
    if ablation.add_one_in is not None:
        yield from (dict.fromkeys(parts[count:], False) for count in range(len(parts) + 1))
    elif ablation.factorial is not None:
        for on in itertools.chain.from_iterable(itertools.combinations(parts, n) for n in range(len(parts) + 1)):
            yield {part: False for part in parts if part not in on}
    elif ablation.grid is not None:
        yield from (dict(zip(varied, values, strict=True)) for values in itertools.product(*varied.values()))
    else:
        yield from ({key: value} for key, values in varied.items() for value in values)


def variant_name(ablation: Ablation, changes: Changes, labels: Mapping[str, str]) -> str:
    """Return the name of a variant that is not the baseline; `labels` has the short name of each key.

    Without the same parts it has the same name in all ablations, so keys stand in the order of `labels`.
    """
    if ablation.parts:
        return f"w/o {', '.join(label for key, label in labels.items() if key in changes)}"
    return ", ".join(f"{labels[key]}={readable(value)}" for key, value in changes.items())


def check_parts(ablation: Ablation, base: Mapping[str, Any], where: str) -> None:
    """Raise a `ConfigError` where a part that is to be added is off in the baseline, whose settings are `base`."""
    for part in ablation.parts if ablation.combines else ():
        if lookup(base, part) in (None, False):
            raise ConfigError(f"{where}: {part} is off in the baseline, so it cannot be switched on")


def tried(ablation: Ablation, accept: Callable[[Changes], T], where: str) -> list[Tried[T]]:
    """Return each combination with its settings, or with the reason why it is refused.

    Args:
        ablation: what to try.
        accept: returns the settings of a combination, or raises a `ConfigError` that begins with `where`.
        where: the ablation's key.

    Raises:
        ConfigError: where no combination is accepted, or a value neither alone nor in any of them; for a form that does
            not combine values, where one is refused.
    """
    if not ablation.combines:
        return [Tried(changes, accept(changes)) for changes in changes_of(ablation)]
    found = [_tried(changes, accept, where) for changes in changes_of(ablation)]
    known = list(_pairs(one.changes for one in found if one.settings is not None))
    for pair in _pairs(one.changes for one in found if one.settings is None):
        if pair not in known:
            accept(dict([pair]))
    if all(one.settings is None for one in found):
        accept(found[0].changes)
    return found


def _tried(changes: Changes, accept: Callable[[Changes], T], where: str) -> Tried[T]:
    try:
        return Tried(changes, accept(changes))
    except ConfigError as error:
        return Tried(changes, None, str(error).removeprefix(f"{where}: "))


def _pairs(combinations: Iterable[Changes]) -> Iterator[tuple[str, Value]]:
    """Yield each key with each of its values once; values may be lists or mappings, which have no hash."""
    seen: list[tuple[str, Value]] = []
    for pair in (pair for changes in combinations for pair in changes.items()):
        if pair not in seen:
            seen.append(pair)
            yield pair
