"""A study with its plan and records, from which all tables and figures are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ura_study.data.config import DataSettings
from ura_study.data.described import described
from ura_study.errors import DataError
from ura_study.output import notice
from ura_study.results.aggregate import Aggregate, aggregate, metric
from ura_study.results.comparison import Comparison
from ura_study.results.family import compare
from ura_study.results.frame import outcomes
from ura_study.results.mixed import mixed
from ura_study.results.names import title
from ura_study.results.reported import Reported, read_reported
from ura_study.runs import details
from ura_study.runs.details import Details, Part
from ura_study.runs.latency import Latency, latest, measurable, read
from ura_study.runs.record import Record
from ura_study.study.config import Study
from ura_study.study.plan import Plan, different_data, expand

if TYPE_CHECKING:
    from ura_study.results.leaderboard import Leaderboard
    from ura_study.search.trials import TrialSummary


@dataclass(frozen=True)
class Search:
    """The trials of a study's search."""

    trials: Sequence[TrialSummary]
    plan: Plan
    """The plan of the variants of all trials."""
    importance: Mapping[str, float] | None = None
    """Parameter → importance by PED-ANOVA, as a share, 0..1; None if too few trials are complete."""


@dataclass(frozen=True)
class Results:
    """A study, its plan, and the records of its runs by id."""

    study: Study
    plan: Plan
    records: Mapping[str, Record]
    folder: Path | None = None
    """The study's results folder, with the details of runs; None: there are no details."""
    search: Search | None = None
    """None if no search has begun."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of the study's report."""
        return self.study.report.metrics

    @property
    def baseline(self) -> str:
        """The name of the variant with which others are compared."""
        return self.study.report.baseline

    @property
    def rope(self) -> float:
        """The largest difference without practical meaning (`report.rope`), as a fraction."""
        return self.study.report.rope / 100

    def title(self, name: str) -> str:
        """Return the heading of a metric without its unit, e.g. `AUPRO@0.3`."""
        return title(name, self.study.evaluation.fpr_limit)

    @cached_property
    def data(self) -> tuple[DataSettings, ...]:
        """The different data settings of the variants, that of the first variant first."""
        return different_data(self.study, self.plan.variants)

    @cached_property
    def caveats(self) -> tuple[str, ...]:
        """Sentences that must accompany all numbers: on an unusual protocol, and on variants that used test images."""
        search, known = self.study.search, {variant.name for variant in expand(self.study)}
        chosen = [variant.name for variant in self.plan.variants if variant.name not in known]
        oracle = f"Oracle: {', '.join(chosen)} chosen on test images" if search and search.split == "test" else ""
        told = [variant.name for variant in self.plan.variants if variant.settings.model.oracle]
        given = f"Oracle: {', '.join(told)} told the true masks of the test images" if told else ""
        lines = (described(*self.data), oracle if chosen else "", given)
        return tuple(f"{line[0].upper()}{line[1:]}." for line in lines if line)

    @cached_property
    def mixed(self) -> tuple[str, ...]:
        """A sentence on differences in how the runs were computed; empty if there are none."""
        said = mixed([self.records[run_id] for run_id in self.plan.runs if run_id in self.records])
        return (said,) if said else ()

    @cached_property
    def latencies(self) -> Mapping[str, Latency]:
        """Variant → what `ura-study latency` measured of its architecture; variants that were not measured are absent.

        Raises:
            DataError: where the file of measurements cannot be read.
        """
        known = latest(read(self.folder)) if self.folder is not None else {}
        found = measurable(self.plan, self.records, self.study.data) if known else {}
        return {variant: known[key] for variant, (key, _) in found.items() if key in known}

    @cached_property
    def leaderboard(self) -> Leaderboard | None:
        """The result of the search; None if no search has begun."""
        if self.search is None:
            return None
        from ura_study.results.leaderboard import leaderboard

        return leaderboard(self.study, self.search.plan, self.search.trials, self.records)

    @cached_property
    def aggregates(self) -> Mapping[str, Aggregate]:
        """Metric of the study's report → its cells by variant and category."""
        return {name: aggregate(self.plan, self.records, metric(name)) for name in self.metrics}

    @cached_property
    def comparisons(self) -> Mapping[str, tuple[Comparison, ...]]:
        """Metric of the study's report → comparison of each variant with the baseline."""
        cells = outcomes(self.plan, self.records, self.metrics)
        return {name: compare(cells, name, self.baseline, self.rope, self.elsewhere) for name in self.metrics}

    @cached_property
    def elsewhere(self) -> tuple[str, ...]:
        """The variants whose test images are not corrupted as those of the baseline are."""
        found = {variant.name: variant.settings.data.corruption for variant in self.plan.variants}
        as_drawn = {name: how if how.corrupts else None for name, how in found.items()}
        return tuple(name for name, how in as_drawn.items() if how != as_drawn[self.baseline])

    @cached_property
    def significant(self) -> Mapping[str, frozenset[str]]:
        """Metric of the study's report → the variants that differ significantly from the baseline."""
        every = self.comparisons.items()
        return {name: frozenset(c.variant for c in found if c.significant) for name, found in every}

    def scores(self, variant: str, category: str, seed: int) -> Details | None:
        """Return the details of a finished run with nothing but its images, defects and scores; None if it has none.

        Details that cannot be read count as absent; a notice is printed once.
        """
        return self._once(self.plan.cells[variant, category, seed], "scores")

    def details(self, variant: str, category: str, seed: int) -> Details | None:
        """Return the details of a run as `scores` does, but all of them except its pictures."""
        return self._once(self.plan.cells[variant, category, seed], "curves")

    def pictured(self, variant: str, category: str, seed: int) -> Details | None:
        """Return the details of a run as `details` does, with pictures; they are not cached, to save memory."""
        return self._details(self.plan.cells[variant, category, seed], "pictures")

    def _once(self, run_id: str, part: Part) -> Details | None:
        if (run_id, part) not in self._read:
            self._read[run_id, part] = self._details(run_id, part)
        return self._read[run_id, part]

    def _details(self, run_id: str, part: Part) -> Details | None:
        if self.folder is None or run_id not in self.records or not self.records[run_id].done:
            return None
        if run_id in self._damaged:
            return None
        try:
            return details.read(self.folder, run_id, part)
        except DataError as error:
            self._damaged.add(run_id)
            notice(f"{error}; figures and tables are made without it")
            return None

    @cached_property
    def _damaged(self) -> set[str]:
        """Runs whose details cannot be read and for which a notice was printed."""
        return set()

    @cached_property
    def _read(self) -> dict[tuple[str, Part], Details | None]:
        return {}

    @cached_property
    def reported(self) -> tuple[Reported, ...]:
        """Numbers from the literature, as `report.reported` names them; empty without it.

        Raises:
            ConfigError: where the file is missing or invalid.
        """
        return read_reported(self.study.report.reported) if self.study.report.reported else ()
