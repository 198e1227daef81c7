"""A proposed variant whose trial is still open: the records of its runs so far."""

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
    """The plan of this variant alone. Its runs are in the order of the instances (category and seed), which is the same
    for all candidates."""
    records: dict[str, Record] = field(default_factory=dict)
    """Run id → record, of done and failed runs."""

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs of the variant, in the order of the instances."""
        return tuple(self.plan.runs.values())

    @property
    def complete(self) -> bool:
        """Whether every run has a record."""
        return len(self.records) == len(self.plan.runs)

    @property
    def failures(self) -> list[Record]:
        """The records of failed runs."""
        return [record for record in self.records.values() if not record.done]

    def instance(self, run_id: str) -> int:
        """Return the index of a run in the order of instances, from 0."""
        return list(self.plan.runs).index(run_id)

    def rows(self) -> list[Row]:
        """Return the measurements of the runs that are done so far, in the order of the instances."""
        return [row(self.records[i]) for i in self.plan.runs if i in self.records and self.records[i].done]


def row(record: Record) -> Row:
    """Return category, seed, and all numbers (metrics, times, size) by name of a record of a finished run."""
    sizes = {"parameters": record.parameters, "flops": record.flops}
    return record.category, record.seed, record.metrics | record.timings | sizes
