"""What the records of a study come to, summed up as they come: there may be tens of thousands, and displays ask often.

A display asks from a thread of its own. So what may change meanwhile is copied before it is walked through.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ura_study.results.aggregate import variant_mean
from ura_study.runs.record import Record
from ura_study.study.plan import Plan


@dataclass(frozen=True)
class Finished:
    """What the finished runs of a variant come to."""

    done: int
    failed: int
    metric: float | None
    """Mean of the metric over the runs done; None before the first."""
    seconds: float
    """Seconds of work, summed over the runs."""
    changes: int
    """How often something about the variant's runs had been taken in before."""


class Tally:
    """Sums over `records`, by run id, of the runs of the plans that it knows; `metric` is the one that is averaged."""

    def __init__(self, records: dict[str, Record], metric: str) -> None:
        self.detectors: dict[str, str] = {}
        """Run id → its detector."""
        self.variants: dict[str, list[str]] = defaultdict(list)
        """Run id → the variants that have it."""
        self.failed: set[str] = set()
        """Ids of the runs that gave no numbers."""
        self._records, self._metric = records, metric
        self._runs: Counter[str] = Counter()
        """Runs done, by detector."""
        self._seconds: dict[str, float] = defaultdict(float)
        """What they took, by detector."""
        self._changes: Counter[str] = Counter()
        """Variant → how often something about its runs was taken in."""
        self._finished: dict[str, Finished] = {}
        """Variant → what was found when it was last asked for."""
        for record in records.values():
            self._count(record, 1)

    def know(self, plan: Plan) -> None:
        """Take in the runs of a plan."""
        self.detectors |= {run_id: run.settings.model.name for run_id, run in plan.runs.items()}
        for (variant, _, _), run_id in plan.cells.items():
            if variant not in self.variants[run_id]:
                self.variants[run_id].append(variant)
                self._changes[variant] += 1

    def take(self, record: Record) -> None:
        """Take in a record, in place of an earlier one of the same run."""
        if (before := self._records.get(record.run_id)) is not None:
            self._count(before, -1)
        self._records[record.run_id] = record
        self._count(record, 1)
        for variant in self.variants.get(record.run_id, ()):
            self._changes[variant] += 1

    def _count(self, record: Record, times: int) -> None:
        """Add a record to the sums, or take it out again."""
        if record.done:
            detector = record.settings["model"]["name"]
            self._seconds[detector] += times * record.seconds
            self._runs[detector] += times
        elif times > 0:
            self.failed.add(record.run_id)
        else:
            self.failed.discard(record.run_id)

    def usual(self) -> dict[str, float]:
        """Return the mean seconds of the runs done, by detector."""
        return {detector: self._seconds[detector] / runs for detector, runs in list(self._runs.items()) if runs}

    def finished(self, variant: str, run_ids: Iterable[str]) -> Finished:
        """Return what a variant's finished runs come to, summed up anew where something was taken in since."""
        known, changes = self._finished.get(variant), self._changes[variant]
        if known is not None and known.changes == changes:
            return known
        records = [self._records[run_id] for run_id in run_ids if run_id in self._records]
        done, seconds = sum(record.done for record in records), sum(record.seconds for record in records)
        mean = variant_mean(records, self._metric)
        found = self._finished[variant] = Finished(done, len(records) - done, mean, seconds, changes)
        return found
