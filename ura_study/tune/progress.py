"""How far a study is: counts, means and times, as data that the display draws."""

from __future__ import annotations

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

from ura_study.runs.record import Record
from ura_study.study.plan import Plan, Variant, joined
from ura_study.tune.tally import Tally


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

    def __post_init__(self) -> None:
        self._tally = Tally(self.records, self.metric)
        self._tally.know(self.plan)

    def extend(self, plan: Plan) -> None:
        """Take in further variants."""
        self._tally.know(plan)
        self.plan = joined(self.plan, plan)

    def found(self, record: Record) -> None:
        """Take in a record that was there before this session."""
        if record.run_id not in self.records:
            self._tally.take(record)

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
        self._tally.take(record)

    @property
    def failed(self) -> int:
        """Runs that gave no numbers."""
        return len(self._tally.failed)

    @property
    def total(self) -> int:
        """Runs that are done or wanted, those that a search is expected to want included."""
        if self.search is None:
            return len(self.plan.runs)
        return len(self._wanted() | self.records.keys()) + self.search.runs_ahead()

    @property
    def completed(self) -> float:
        """Runs finished, plus the finished shares of those that go on."""
        return len(self.records) + sum(list(self.fractions.values()))

    def elapsed(self) -> float:
        """Seconds since this session began."""
        return time.monotonic() - self.started

    def remaining(self) -> float | None:
        """Expected seconds to the end; None before a run of this session has begun, and one of each detector is done.

        They are the work that is left, by what runs took so far, shared by as many as went on at once so far.
        """
        if self.first is None:
            return None
        usual, now = self._tally.usual(), time.monotonic()
        left = self._wanted() - self.records.keys()
        ahead = self.search.runs_ahead() if self.search is not None else 0
        work = self._work(left, usual)
        if work is None or (ahead and not usual):
            return None
        if ahead:
            work += ahead * statistics.fmean(usual.values())
        worked = self.worked + sum(now - start for start in list(self.starts.values()))
        at_once = min(worked / max(now - self.first, 1e-9), len(left) + ahead)
        return work / max(at_once, 1.0)

    def _wanted(self) -> AbstractSet[str]:
        closed = self.search.closed() if self.search is not None else ()
        if not closed:
            return self.plan.runs.keys()
        return set().union(*(ids for variant, ids in self.plan.ids.items() if variant not in closed))

    def _work(self, run_ids: AbstractSet[str], usual: Mapping[str, float]) -> float | None:
        """Return the seconds of work that are left of runs; None where none of the detector of one is done."""
        detectors, work = self._tally.detectors, 0.0
        for detector, runs in Counter(map(detectors.__getitem__, run_ids)).items():
            if detector not in usual:
                return None
            work += usual[detector] * runs
        fractions = list(self.fractions.items())
        return work - sum(usual[detectors[run_id]] * fraction for run_id, fraction in fractions if run_id in run_ids)

    def lines(self) -> list[VariantProgress]:
        """Return the state of each variant, in the order of the plan."""
        plan, usual = self.plan, self._tally.usual()
        running: dict[str, list[str]] = defaultdict(list)
        for run_id in list(self.fractions):
            for variant in self._tally.variants.get(run_id, ()):
                running[variant].append(run_id)
        return [self._line(v, plan.ids[v.name], running.get(v.name, ()), usual) for v in plan.variants]

    def _line(
        self, variant: Variant, run_ids: Sequence[str], running: Sequence[str], usual: Mapping[str, float]
    ) -> VariantProgress:
        finished, now = self._tally.finished(variant.name, run_ids), time.monotonic()
        left = len(run_ids) - finished.done - finished.failed
        seconds = usual.get(variant.settings.model.name)
        begun = sum(self.fractions.get(run_id, 0.0) for run_id in running if run_id not in self.records)
        return VariantProgress(
            variant=variant.name,
            total=len(run_ids),
            done=finished.done,
            running=len(running),
            failed=finished.failed,
            metric=finished.metric,
            elapsed=finished.seconds + sum(now - self.starts.get(run_id, now) for run_id in running),
            remaining=0.0 if not left else None if seconds is None else seconds * (left - begun),
        )
