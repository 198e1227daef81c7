"""A proposed variant under way: which of its runs are in, and what they say so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ura_study.runs.record import Record
from ura_study.search.objective import Row
from ura_study.study.plan import Plan, Run


@dataclass
class Candidate:
    """One Optuna trial: one variant on all categories with all seeds."""

    trial: Any
    """The `optuna.trial.Trial`."""
    plan: Plan
    """Its runs alone. Their order is that of the instances, the same for all candidates."""
    records: dict[str, Record] = field(default_factory=dict)

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(self.plan.runs.values())

    @property
    def complete(self) -> bool:
        return len(self.records) == len(self.plan.runs)

    @property
    def failures(self) -> list[Record]:
        return [record for record in self.records.values() if not record.done]

    def instance(self, run_id: str) -> int:
        """Return the place of a run in the order of instances."""
        return list(self.plan.runs).index(run_id)

    def rows(self) -> list[Row]:
        """Return what the runs done so far measured, in the order of the instances."""
        return [row(self.records[i]) for i in self.plan.runs if i in self.records and self.records[i].done]


def row(record: Record) -> Row:
    """Return all numbers of a record that is done, metrics and resources, by name."""
    return record.category, record.seed, record.metrics | record.timings | {"parameters": record.parameters}
