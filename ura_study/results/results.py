"""A study with all that is known of it: what every table is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ura_study.data.protocol import described
from ura_study.errors import DataError
from ura_study.output import notice
from ura_study.results.aggregate import Aggregate, aggregate, metric
from ura_study.results.comparison import Comparison, compare
from ura_study.results.frame import outcomes
from ura_study.results.mixed import mixed
from ura_study.results.names import title
from ura_study.results.reported import Reported, read_reported
from ura_study.runs import details
from ura_study.runs.details import Details
from ura_study.runs.record import Record
from ura_study.study.config import Study
from ura_study.study.plan import Plan, expand

if TYPE_CHECKING:
    from ura_study.results.leaderboard import Leaderboard
    from ura_study.search.trials import TrialSummary


@dataclass(frozen=True)
class Search:
    """What a study's search has tried."""

    trials: Sequence[TrialSummary]
    plan: Plan
    """Of the variants of all trials."""
    importance: Mapping[str, float] | None = None
    """Share of the objective's variance by parameter; None where there are too few trials to say."""


@dataclass(frozen=True)
class Results:
    """A study, its plan, and the records of its runs by id."""

    study: Study
    plan: Plan
    records: Mapping[str, Record]
    folder: Path | None = None
    """Where the details of runs lie; None where there are none."""
    search: Search | None = None
    """None where no search has begun."""

    @property
    def metrics(self) -> tuple[str, ...]:
        return self.study.report.metrics

    @property
    def baseline(self) -> str:
        return self.study.report.baseline

    def title(self, name: str) -> str:
        return title(name, self.study.evaluation.fpr_limit)

    @cached_property
    def caveats(self) -> tuple[str, ...]:
        """Sentences without which no number may be shown: an unusual protocol, variants that the test images helped."""
        search, known = self.study.search, {variant.name for variant in expand(self.study)}
        chosen = [variant.name for variant in self.plan.variants if variant.name not in known]
        oracle = f"Oracle: {', '.join(chosen)} chosen on test images" if search and search.split == "test" else ""
        told = [variant.name for variant in self.plan.variants if variant.settings.model.oracle]
        given = f"Oracle: {', '.join(told)} told the true masks of the test images" if told else ""
        lines = (described(self.study.data), oracle if chosen else "", given)
        return tuple(f"{line[0].upper()}{line[1:]}." for line in lines if line)

    @cached_property
    def mixed(self) -> tuple[str, ...]:
        """A sentence on what differs between the computations of the runs, if anything does."""
        said = mixed([self.records[run_id] for run_id in self.plan.runs if run_id in self.records])
        return (said,) if said else ()

    @cached_property
    def leaderboard(self) -> Leaderboard | None:
        """The search's result."""
        if self.search is None:
            return None
        from ura_study.results.leaderboard import leaderboard

        return leaderboard(self.study, self.search.plan, self.search.trials, self.records)

    @cached_property
    def aggregates(self) -> Mapping[str, Aggregate]:
        """Each metric of the study's report by (variant, category)."""
        return {name: aggregate(self.plan, self.records, metric(name)) for name in self.metrics}

    @cached_property
    def comparisons(self) -> Mapping[str, tuple[Comparison, ...]]:
        """For each metric of the study's report all variants against the baseline."""
        cells = outcomes(self.plan, self.records, self.metrics)
        return {name: compare(cells, name, self.baseline) for name in self.metrics}

    def significant(self, name: str) -> frozenset[str]:
        """Return the variants that differ from the baseline in a metric."""
        return frozenset(c.variant for c in self.comparisons[name] if c.significant)

    def details(self, variant: str, category: str, seed: int) -> Details | None:
        """Return the scores and curves of a run that is done, without its pictures; None where none were kept.

        Those that cannot be read count as not kept, and that is said once.
        """
        run_id = self.plan.cells[variant, category, seed]
        if run_id not in self._read:
            self._read[run_id] = self._details(run_id, pictures=False)
        return self._read[run_id]

    def pictured(self, variant: str, category: str, seed: int) -> Details | None:
        """Return the same with the pictures, which take too much memory to be kept of all runs."""
        return self._details(self.plan.cells[variant, category, seed], pictures=True)

    def _details(self, run_id: str, *, pictures: bool) -> Details | None:
        if self.folder is None or run_id not in self.records or not self.records[run_id].done:
            return None
        if run_id in self._damaged:
            return None
        try:
            return details.read(self.folder, run_id, pictures=pictures)
        except DataError as error:
            self._damaged.add(run_id)
            notice(f"{error}; figures and tables are made without it")
            return None

    @cached_property
    def _damaged(self) -> set[str]:
        """Runs whose details cannot be read, which has been said."""
        return set()

    @cached_property
    def _read(self) -> dict[str, Details | None]:
        return {}

    @cached_property
    def reported(self) -> tuple[Reported, ...]:
        """Rows from the literature.

        Raises:
            ConfigError: where the file is missing or not as it must be.
        """
        return read_reported(self.study.report.reported) if self.study.report.reported else ()
