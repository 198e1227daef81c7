"""One parameter of a search space, and its form in Optuna.

Optuna stores numbers, strings and booleans. A value that is a list or a section is stored as the string that tables
show for it, e.g. `[2, 3]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import BaseTrial

from ura_study.search.space.config import ChoiceDomain, Domain, FixedDomain, IntDomain, RangeDomain, equal
from ura_study.study.config import Value
from ura_study.study.names import readable


@dataclass(frozen=True)
class Parameter:
    """A dotted key of a variant and the values that it may take."""

    key: str
    domain: Domain

    @property
    def searched(self) -> bool:
        """Whether it is a parameter in Optuna; a fixed value is not."""
        return not isinstance(self.domain, FixedDomain)

    def distribution(self) -> BaseDistribution:
        """Return the domain of a searched parameter as Optuna's distribution."""
        domain = self.domain
        if isinstance(domain, ChoiceDomain):
            return CategoricalDistribution([stored(value) for value in domain.choice])
        assert isinstance(domain, RangeDomain)
        low, high = domain.ends
        kind = IntDistribution if isinstance(domain, IntDomain) else FloatDistribution
        return kind(low, high, log=domain.log, step=domain.stride)

    def suggest(self, trial: BaseTrial) -> Any:
        """Return the value that a trial proposes for a searched parameter, in the form in which Optuna stores it."""
        domain = self.domain
        if isinstance(domain, ChoiceDomain):
            return trial.suggest_categorical(self.key, [stored(value) for value in domain.choice])
        assert isinstance(domain, RangeDomain)
        low, high = domain.ends
        suggest = trial.suggest_int if isinstance(domain, IntDomain) else trial.suggest_float
        return suggest(self.key, low, high, log=domain.log, step=domain.stride)

    def value(self, param: Any) -> Value:
        """Return the value that Optuna stores as `param`, for a searched parameter.

        Raises:
            ValueError: where the domain does not contain it.
        """
        if isinstance(self.domain, ChoiceDomain):
            values = [value for value in self.domain.choice if equal(stored(value), param)]
        else:
            assert isinstance(self.domain, RangeDomain)
            values = self.domain.matching(self.domain.snapped(param))
        if not values:
            raise ValueError(f"{param!r} is not in the search space")
        return values[0]


def stored(value: Value) -> Any:
    """Return a value in the form in which Optuna stores it: a list or section as text."""
    return readable(value) if isinstance(value, list | dict) else value


def holds(value: Value, wanted: Value) -> bool:
    """Tell whether a value satisfies a condition.

    A section must have the values of the keys that the condition names; `true` is also satisfied by any section.
    """
    if isinstance(value, dict) and isinstance(wanted, dict):
        return all(holds(value.get(key, ...), part) for key, part in wanted.items())
    return equal(value, wanted) or (wanted is True and isinstance(value, dict))
