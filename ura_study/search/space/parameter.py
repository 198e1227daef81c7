"""One parameter of a search space, and how Optuna sees it.

Optuna keeps numbers, strings and switches. A choice that is a list or a section is kept as the string that tables show
of it, e.g. `[2, 3]`.
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
        """Whether Optuna knows of it; a fixed value is none of its parameters."""
        return not isinstance(self.domain, FixedDomain)

    def distribution(self) -> BaseDistribution:
        """Return the domain of a searched parameter in Optuna's terms."""
        domain = self.domain
        if isinstance(domain, ChoiceDomain):
            return CategoricalDistribution([stored(value) for value in domain.choice])
        assert isinstance(domain, RangeDomain)
        low, high = domain.ends
        kind = IntDistribution if isinstance(domain, IntDomain) else FloatDistribution
        return kind(low, high, log=domain.log, step=domain.stride)

    def suggest(self, trial: BaseTrial) -> Any:
        """Return what a trial proposes for a searched parameter, as Optuna keeps it."""
        domain = self.domain
        if isinstance(domain, ChoiceDomain):
            return trial.suggest_categorical(self.key, [stored(value) for value in domain.choice])
        assert isinstance(domain, RangeDomain)
        low, high = domain.ends
        suggest = trial.suggest_int if isinstance(domain, IntDomain) else trial.suggest_float
        return suggest(self.key, low, high, log=domain.log, step=domain.stride)

    def value(self, param: Any) -> Value:
        """Return the value that Optuna keeps as `param`.

        Raises:
            ValueError: where it is none of this domain's.
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
    """Return a value as Optuna keeps it."""
    return readable(value) if isinstance(value, list | dict) else value


def holds(value: Value, wanted: Value) -> bool:
    """Whether a value is what a condition wants: of a section the keys that it names; `true` wants any section."""
    if isinstance(value, dict) and isinstance(wanted, dict):
        return all(holds(value.get(key, ...), part) for key, part in wanted.items())
    return equal(value, wanted) or (wanted is True and isinstance(value, dict))
