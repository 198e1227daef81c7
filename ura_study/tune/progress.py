"""How far a study is: counts, means and times, as data that the display draws."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ura_study.results.aggregate import variant_mean
from ura_study.runs.record import Record
from ura_study.study.plan import Plan, joined


@dataclass(frozen=True)
class VariantProgress:
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

    def closed(self) -> Collection[str]:
        """Return the variants that were decided about: what they have not run is not wanted any more."""

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
    first: float | None = None
    """When the first run of this session began."""
    worked: float = 0.0
    """Seconds of this session's runs that go on no more, summed up."""
    started: float = field(default_factory=time.monotonic)
    search: Expected | None = None

    def extend(self, plan: Plan) -> None:
        """Take in further variants."""
        self.plan = joined(self.plan, plan)

    def found(self, record: Record) -> None:
        """Take in a record that was there before this session."""
        self.records.setdefault(record.run_id, record)

    def start(self, run_id: str) -> None:
        now = time.monotonic()
        self.fractions[run_id], self.starts[run_id] = 0.0, now
        self.first = now if self.first is None else self.first

    def advance(self, run_id: str, fraction: float) -> None:
        self.fractions[run_id] = fraction

    def drop(self, run_id: str) -> None:
        self.fractions.pop(run_id, None)
        if run_id in self.starts:
            self.worked += time.monotonic() - self.starts.pop(run_id)

    def finish(self, record: Record) -> None:
        self.drop(record.run_id)
        self.records[record.run_id] = record

    @property
    def total(self) -> int:
        """Runs that are done or wanted, those that a search is expected to want included."""
        if self.search is None:
            return len(self.plan.runs)
        return len(self._wanted() | self.records.keys()) + self.search.runs_ahead()

    @property
    def completed(self) -> float:
        """Runs finished, plus the finished shares of those that go on."""
        return len(self.records) + sum(self.fractions.values())

    def elapsed(self) -> float:
        """Seconds since this session began."""
        return time.monotonic() - self.started

    def remaining(self) -> float | None:
        """Expected seconds to the end; None before a run of this session has begun, and one of each detector is done.

        They are the work that is left, by what runs took so far, shared by as many as went on at once so far.
        """
        if self.first is None:
            return None
        usual, now = self._usual(), time.monotonic()
        left = [run_id for run_id in self._wanted() if run_id not in self.records]
        ahead = self.search.runs_ahead() if self.search is not None else 0
        work = self._work(left, usual)
        if work is None or (ahead and not usual):
            return None
        if ahead:
            work += ahead * statistics.fmean(usual.values())
        worked = self.worked + sum(now - start for start in self.starts.values())
        at_once = min(worked / max(now - self.first, 1e-9), len(left) + ahead)
        return work / max(at_once, 1.0)

    def _wanted(self) -> set[str]:
        closed = self.search.closed() if self.search is not None else ()
        return {run_id for (variant, _, _), run_id in self.plan.cells.items() if variant not in closed}

    def _usual(self) -> dict[str, float]:
        """Return the mean seconds of the runs done, by detector."""
        seconds: dict[str, list[float]] = defaultdict(list)
        for record in self.records.values():
            if record.done:
                seconds[record.settings["model"]["name"]].append(record.seconds)
        return {detector: statistics.fmean(taken) for detector, taken in seconds.items()}

    def _work(self, run_ids: Iterable[str], usual: Mapping[str, float]) -> float | None:
        """Return the seconds of work that are left of runs; None where none of the detector of one is done."""
        work = 0.0
        for run_id in run_ids:
            seconds = usual.get(self.plan.runs[run_id].settings.model.name)
            if seconds is None:
                return None
            work += seconds * (1 - self.fractions.get(run_id, 0.0))
        return work

    def lines(self) -> list[VariantProgress]:
        """Return the state of each variant, in the order of the plan."""
        usual = self._usual()
        return [self._line(variant.name, usual) for variant in self.plan.variants]

    def _line(self, variant: str, usual: Mapping[str, float]) -> VariantProgress:
        ids = self.plan.ids[variant]
        records = [self.records[i] for i in ids if i in self.records]
        running = [i for i in ids if i in self.fractions]
        return VariantProgress(
            variant=variant,
            total=len(ids),
            done=sum(record.done for record in records),
            running=len(running),
            failed=sum(not record.done for record in records),
            metric=variant_mean(records, self.metric),
            elapsed=sum(r.seconds for r in records) + sum(time.monotonic() - self.starts[i] for i in running),
            remaining=self._work((i for i in ids if i not in self.records), usual),
        )
