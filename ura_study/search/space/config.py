"""The domains of a search space: the values that a searched key may have, with a class for each form in YAML.

Steps are counted in decimal arithmetic: two steps of 0.1 from 0.1 are 0.3, not 0.30000000000000004, so that a proposed
value and the same value in an ablation are one run.
"""

from __future__ import annotations

import builtins
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from ura_study.settings import List, Settings


class Domain(Settings):
    """What all domains share."""

    when: dict[str, Any] = Field(default_factory=dict)
    """Conditions: the parameter is active only if each of these keys has the given value (`true`: also any section that
    is not switched off; a mapping: a section with these values)."""

    def size(self) -> float:
        """Return the number of values; infinite for a real number without steps."""
        return len(self.values())

    def values(self) -> list[Any]:
        """Return all values in the order of the file; for a range with steps, in ascending order."""
        raise NotImplementedError

    def matching(self, value: object) -> list[Any]:
        """Return the values of the domain that `value` in a configuration may stem from; none if it is outside."""
        return [own for own in self.values() if equal(own, value)]


class ChoiceDomain(Domain):
    """One of several values: numbers, strings, booleans, lists or whole sections, e.g. `{choice: [true, false]}`."""

    choice: List[Any]

    @field_validator("choice")
    @classmethod
    def _some(cls, choice: tuple[Any, ...]) -> tuple[Any, ...]:
        if not choice:
            raise ValueError("expected at least one value, but got []")
        return choice

    def values(self) -> list[Any]:
        return list(self.choice)

    def matching(self, value: object) -> list[Any]:
        # a section may have been changed further by parameters inside it
        whole = isinstance(value, dict)
        return [own for own in self.choice if equal(own, value) or (whole and (own is True or isinstance(own, dict)))]


class FixedDomain(Domain):
    """One value, set in every variant of the search: `{fixed: 400}`."""

    fixed: Any

    def values(self) -> list[Any]:
        return [self.fixed]


class RangeDomain(Domain):
    """Numbers from the lowest to the highest, both included."""

    log: bool = False
    """Sample uniformly on a logarithmic scale."""

    @property
    def ends(self) -> tuple[Any, ...]:
        """The lowest and the highest value."""
        raise NotImplementedError

    @property
    def stride(self) -> Any:
        """Distance between neighbouring values; None: the range has no steps."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _sensible(self) -> RangeDomain:
        if len(self.ends) != 2:
            raise ValueError(f"expected [low, high], but got {list(self.ends)}")
        low, high = self.ends
        if low >= high:
            raise ValueError(f"low < high must hold, but got [{low}, {high}]; a single value is written {{fixed: …}}")
        if self.log and low <= 0:
            raise ValueError(f"low > 0 must hold with log, but got [{low}, {high}]")
        if self.log and "step" in self.model_fields_set:
            raise ValueError("log and step exclude each other")
        if self.stride is not None and (last := self.snapped(high)) != high:
            raise ValueError(
                f"high must be whole steps of {self.stride} above low, e.g. {last}, but got [{low}, {high}]"
            )
        return self

    def size(self) -> float:
        return float("inf") if self.stride is None else self._steps()

    def values(self) -> list[Any]:
        return [self._step(number) for number in range(self._steps())]

    def matching(self, value: object) -> list[Any]:
        low, high = self.ends
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            return []
        return [value] if self.stride is None or self.snapped(value) == value else []

    def snapped(self, value: float) -> float | int:
        """Return the nearest value on a step, at most the highest; without steps, the value itself."""
        if self.stride is None:
            return value
        return self._step(min(round((_exact(value) - _exact(self.ends[0])) / _exact(self.stride)), self._steps() - 1))

    def _steps(self) -> int:
        """Return the number of values of a range with steps."""
        low, high = map(_exact, self.ends)
        return int((high - low) // _exact(self.stride)) + 1

    def _step(self, number: int) -> float | int:
        low = self.ends[0]
        return type(low)(_exact(low) + number * _exact(self.stride))


class FloatDomain(RangeDomain):
    """A real number: `{float: [0.25, 4.0], log: true}` or `{float: [0.0, 1.0], step: 0.1}`."""

    float: List[builtins.float]
    step: Annotated[builtins.float, Field(gt=0)] | None = None

    @property
    def ends(self) -> tuple[Any, ...]:
        return self.float

    @property
    def stride(self) -> Any:
        return self.step


class IntDomain(RangeDomain):
    """A whole number: `{int: [1, 32], log: true}` or `{int: [1, 9], step: 2}`."""

    int: List[builtins.int]
    step: Annotated[builtins.int, Field(gt=0)] = 1

    @property
    def ends(self) -> tuple[Any, ...]:
        return self.int

    @property
    def stride(self) -> Any:
        return self.step


#: Key in YAML that names the kind of domain → its class.
DOMAINS: dict[str, type[Domain]] = {
    "float": FloatDomain,
    "int": IntDomain,
    "choice": ChoiceDomain,
    "fixed": FixedDomain,
}


def equal(first: object, second: object) -> bool:
    """Tell whether two values are equal as settings: tuples equal lists, 1 equals 1.0, but 1 does not equal true."""
    first, second = (list(v) if isinstance(v, tuple) else v for v in (first, second))
    return first == second and isinstance(first, bool) == isinstance(second, bool)


def _exact(number: float) -> Decimal:
    return Decimal(str(number))
