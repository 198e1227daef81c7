"""How far a study is: counts, means and times, as data that the display draws."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from ura_study.plan import Plan, joined
from ura_study.runs.record import Record

#: Share of a first run's training from which on it says how long the rest will take.
TELLING = 0.5


@dataclass(frozen=True)
class Line:
    """One variant's state."""

    variant: str
    total: int
    done: int
    running: int
    failed: int
    metric: float | None
    """Mean of the study's first metric over the runs done so far; None before the first."""
    elapsed: float
    """Seconds of work, summed over its runs."""
    remaining: float | None
    """Expected seconds of work left, summed over its runs; None while nothing is known."""


class Expected(Protocol):
    """What is still to come beside the plan: a search's candidates."""

    def runs_ahead(self) -> int:
        """Return how many runs are to be expected of candidates that are not proposed yet."""

    def headline(self) -> str:
        """Return the state of the search in a line."""


@dataclass
class Progress:
    """What is known of each run of a plan while a study goes on."""

    plan: Plan
    metric: str
    records: dict[str, Record]
    """Finished runs by id, those from before included."""
    fractions: dict[str, float] = field(default_factory=dict)
    """Share of the training done, by id, of the runs that go on."""
    starts: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    search: Expected | None = None
    before: int = field(init=False)
    """Runs that were done when this session began."""

    def __post_init__(self) -> None:
        self.before = len(self.records)

    def extend(self, plan: Plan) -> None:
        """Take in further variants."""
        self.plan = joined(self.plan, plan)

    def found(self, record: Record) -> None:
        """Take in a record that was there before this session."""
        if record.run_id not in self.records:
            self.records[record.run_id] = record
            self.before += 1

    def start(self, run_id: str) -> None:
        self.fractions[run_id], self.starts[run_id] = 0.0, time.monotonic()

    def advance(self, run_id: str, fraction: float) -> None:
        self.fractions[run_id] = fraction

    def drop(self, run_id: str) -> None:
        self.fractions.pop(run_id, None)
        self.starts.pop(run_id, None)

    def finish(self, record: Record) -> None:
        self.drop(record.run_id)
        self.records[record.run_id] = record

    @property
    def total(self) -> int:
        return len(self.plan.runs) + (self.search.runs_ahead() if self.search is not None else 0)

    @property
    def completed(self) -> float:
        """Runs finished, plus the finished shares of those that go on."""
        return len(self.records) + sum(self.fractions.values())

    def elapsed(self) -> float:
        """Seconds since this session began."""
        return time.monotonic() - self.started

    def remaining(self) -> float | None:
        """Expected seconds to the end at this session's speed so far.

        None before a run is done, or well on its way: until then most of the time went into the start.
        """
        if len(self.records) == self.before and max(self.fractions.values(), default=0.0) < TELLING:
            return None
        speed = (self.completed - self.before) / max(self.elapsed(), 1e-9)
        return (self.total - self.completed) / speed if speed > 0 else None

    def lines(self) -> list[Line]:
        """Return the state of each variant, in the order of the plan."""
        seconds = mean_of(record.seconds for record in self.records.values() if record.done)
        return [self._line(variant.name, seconds) for variant in self.plan.variants]

    def _line(self, variant: str, seconds: float | None) -> Line:
        ids = self.plan.ids[variant]
        records = [self.records[i] for i in ids if i in self.records]
        running = [i for i in ids if i in self.fractions]
        left = len(ids) - len(records) - sum(self.fractions[i] for i in running)
        values = (record.metrics.get(self.metric) for record in records)
        return Line(
            variant=variant,
            total=len(ids),
            done=sum(record.done for record in records),
            running=len(running),
            failed=sum(not record.done for record in records),
            metric=mean_of(values),
            elapsed=sum(r.seconds for r in records) + sum(time.monotonic() - self.starts[i] for i in running),
            remaining=None if seconds is None else left * seconds,
        )


def mean_of(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are known; None where none is."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
