"""A search in progress: Optuna proposes variants, records of their runs come back, and Optuna is told their values.

All lasting state is in Optuna's storage and in the records. A trial that a killed process left running is continued
with its own parameters: recorded runs count, the others are handed out again. Each proposal is drawn with a seed
derived from the seed of the search and the number of the trial, so it depends only on what Optuna was told before, not
on how often the search was interrupted.

This module is long because the steps in the life of a trial share their state.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Self, TypeVar

import optuna
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from ura_study.errors import ConfigError
from ura_study.randomness import derived_seed
from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.runs.proposal import Proposal
from ura_study.runs.record import Record
from ura_study.search.begin import begin
from ura_study.search.candidate import Candidate, row
from ura_study.search.grid_sampler import GridSampler
from ura_study.search.objective import Row, Undefined, constraint_names, constraints, value
from ura_study.search.samplers import make_sampler
from ura_study.search.scaling import PARTS, parts
from ura_study.search.space.space import Space, read_space
from ura_study.search.storage import mend, open_storage
from ura_study.search.trials import SECONDS, finished, headline, name_of, stale, trials
from ura_study.search.variants import SEARCH, searched_plan
from ura_study.study.config import Study
from ura_study.study.plan import Plan, Variant, changed, make_plan

T = TypeVar("T")


class Session:
    """A search in progress, as a source of jobs (`tune.queue.Source`); `ask` and `tell` are named after Optuna's."""

    @classmethod
    def open(cls, study: Study, plan: Plan, ledger: Ledger) -> Self:
        """Start a search, or continue an existing one; the caller holds the study's lock.

        Args:
            study: a study with a `search` section.
            plan: its baseline and ablations on its data; the search never cancels their runs.
            ledger: the study's records.

        Raises:
            ConfigError: where the search section is invalid, or the storage has another search of the same name.
            DataError: where the journal of the search is damaged.
            ResourceError: where its storage cannot be reached.
        """
        assert study.search is not None
        mend(ledger.folder)
        space = read_space(study.search.domains, study.baseline, f"{study.study}: search.space")
        storage = open_storage(study.search.storage, ledger.folder)
        optuna_study = begin(study, study.search, plan.fingerprints, space, storage, ledger.folder)
        return cls(study, plan, ledger, space, storage, optuna_study)

    def __init__(
        self, study: Study, plan: Plan, ledger: Ledger, space: Space, storage: BaseStorage, optuna_study: optuna.Study
    ) -> None:
        assert study.search is not None
        self._storage, self._id = storage, storage.get_study_id_from_name(optuna_study.study_name)
        self._study, self._search, self._space = study, study.search, space
        self._fingerprints, self._optuna = plan.fingerprints, optuna_study
        self._planned, self._ledger = frozenset(plan.runs), ledger
        self._open: dict[int, Candidate] = {}
        self._handed: set[str] = set()
        """Ids of runs that were handed out and have not ended."""
        self._left = deque(t for t in optuna_study.get_trials(deepcopy=False) if t.state == TrialState.RUNNING)
        self._before = optuna_study.user_attrs.get(SECONDS, 0.0)
        self._started = time.monotonic()

    def ask(self) -> Proposal | None:
        """Return the next proposal; None if there is none now: the search has ended, or waits for open trials."""
        while (trial := self._next()) is not None:
            if (proposal := self._begin(trial)) is not None:
                return proposal
        return None

    def tell(self, record: Record) -> Collection[str]:
        """Add a record to all candidates that wait for it; return ids of runs that are not needed any more."""
        self._handed.discard(record.run_id)
        dropped: set[str] = set()
        for candidate in self._waiting(record.run_id):
            if self._count(candidate, record):
                dropped |= self._unwanted(candidate)
        return dropped

    def report(self, job: Job, intervals: Sequence[Mapping[str, Any]]) -> Collection[str]:
        """Report a training curve to the pruner if it uses curves (asha); return ids of runs not needed any more.

        Args:
            job: the run; only with `job.watch` its intervals are reported.
            intervals: its new intervals, with `share` and, at some of them, validation `metrics`.
        """
        scale = job.settings.training.steps  # with epochs, categories have other numbers of steps: shares are compared
        for interval in intervals if job.watch else ():
            for candidate in self._waiting(job.run_id) if interval.get("metrics") else ():
                worth = self._worth(candidate, [(job.category, job.seed, interval["metrics"])])
                self._note(candidate, worth, round(interval["share"] * scale))
                if worth is not None and candidate.trial.should_prune():
                    self._tell(candidate, TrialState.PRUNED)
                if candidate.trial.number not in self._open:
                    return self._unwanted(candidate)
        return ()

    def runs_ahead(self) -> int:
        """Return the largest number of runs that candidates not yet proposed can have."""
        left = self._search.trials - len(finished(self._optuna)) - len(self._open)
        return max(0, left) * len(self._fingerprints) * len(self._study.seeds)

    def closed(self) -> frozenset[str]:
        """Return the names of the variants whose trials are finished (complete, pruned or failed)."""
        return frozenset(name_of(trial.number) for trial in finished(self._optuna))

    def decided(self) -> Plan:
        """Return the plan of the variants whose trials are finished."""
        closed = self.closed()
        return make_plan(self._study, self._fingerprints, [v for v in self.plan().variants if v.name in closed])

    def plan(self) -> Plan:
        """Return the plan of the variants of all trials so far, also of open ones."""
        return searched_plan(self._study, self._fingerprints, self._space, self._optuna)

    def headline(self) -> str:
        """Return a line on the progress of the search."""
        return headline(trials(self._optuna), self._search)

    def _next(self) -> optuna.Trial | None:
        if self._left:
            number = self._left.popleft().number
            trial_id = self._storage.get_trial_id_from_study_id_trial_number(self._id, number)
            return optuna.trial.Trial(self._reseeded(number), trial_id)
        if not self._may_propose():
            return None
        return self._reseeded(len(finished(self._optuna)) + len(self._open)).ask()

    def _reseeded(self, number: int) -> optuna.Study:
        """Return the Optuna study, with a new sampler seeded for the trial of this number."""
        seed = self._search.seed  # qmc must continue one sequence, so its seed stays
        if self._search.sampler.name != "qmc":
            seed = derived_seed(seed, f"trial {number}") % 2**32
        self._optuna.sampler = make_sampler(
            self._search.sampler, self._space, seed, objectives=len(self._search.objective)
        )
        return self._optuna

    def _may_propose(self) -> bool:
        search, done = self._search, finished(self._optuna)
        if len(done) + len(self._open) >= search.trials:
            return False
        if search.sampler.name == "grid" and not GridSampler(self._space, search.seed).remaining(self._optuna):
            return False
        if search.patience is not None and stale(self._optuna) >= search.patience:
            return False
        return (limit := search.budget_seconds) is None or self._seconds() < limit

    def _seconds(self) -> float:
        """Return for how many seconds the search has run, earlier sessions included."""
        return self._before + time.monotonic() - self._started

    def _begin(self, trial: optuna.Trial) -> Proposal | None:
        """Start or continue a trial; None if its values are invalid in combination, which fails the trial."""
        changes, name = self._space.suggest(trial), name_of(trial.number)
        trial.set_user_attr("variant", name)
        try:
            settings = changed(self._study.baseline, changes, name)
        except ConfigError as error:  # each value is valid, but not their combination
            trial.set_user_attr("reason", str(error))
            self._optuna.tell(trial, state=TrialState.FAIL)
            return None
        plan = make_plan(self._study, self._fingerprints, [Variant(name, settings, changes, SEARCH)])
        candidate = self._open[trial.number] = Candidate(trial, plan)
        recorded = self._recorded(plan)
        for record in recorded:
            if self._count(candidate, record):
                return Proposal(plan, recorded, ())
        missing = [r for r in candidate.runs if r.run_id not in candidate.records and r.run_id not in self._handed]
        self._handed |= {run.run_id for run in missing}
        watch = self._search.pruner.name == "asha"
        return Proposal(plan, recorded, tuple(Job.of(self._study, run, watch=watch) for run in missing))

    def _recorded(self, plan: Plan) -> tuple[Record, ...]:
        """Return the existing records of a plan; those of other studies are used only if no objective uses times."""
        names = {name for objective in self._search.objective for name in objective.names}
        timed = bool(names & {"fit_seconds", "score_ms_per_image"})
        found = (self._ledger.own(run.run_id) if timed else self._ledger.adopt(run) for run in plan.runs.values())
        return tuple(record for record in found if record is not None)

    def _count(self, candidate: Candidate, record: Record) -> bool:
        """Add one record to a candidate; return whether its trial is now finished."""
        candidate.records[record.run_id] = record
        failures = candidate.failures
        if len(failures) > self._search.max_failed * len(candidate.runs):
            assert failures[0].failure is not None
            self._fail(candidate, f"{failures[0].where}: {failures[0].failure.message}")
        elif record.done and self._compares_instances:
            worth = self._worth(candidate, [row(record)])
            self._note(candidate, worth, candidate.instance(record.run_id))
        if candidate.trial.number in self._open:
            self._decide(candidate)
        return candidate.trial.number not in self._open

    def _decide(self, candidate: Candidate) -> None:
        """Finish the trial of a candidate if all its runs have records, or if the pruner stops it."""
        if not candidate.complete:
            if self._compares_instances and candidate.trial.should_prune():
                self._tell(candidate, TrialState.PRUNED)
            return
        rows = candidate.rows()
        if missing := [name for name in self._fingerprints if name not in {category for category, *_ in rows}]:
            self._fail(candidate, f"no run on {missing[0]} is done: a mean over the others would flatter it")
            return
        values = self._worth(candidate, rows)
        excess = self._defined(candidate, lambda: self._excess(rows)) if values is not None else None
        if excess is not None:
            for name, beyond in excess.items():
                candidate.trial.set_constraint(name, beyond)
            if (objective := self._search.objective[0]).scale != "none":
                candidate.trial.set_user_attr(PARTS, parts(objective, rows))
            self._tell(candidate, TrialState.COMPLETE, values)

    def _excess(self, rows: Sequence[Row]) -> dict[str, float]:
        """Return by how much each limit of the objectives is exceeded; <= 0: within the limit."""
        return {
            f"{index}: {name}": excess
            for index, objective in enumerate(self._search.objective)
            for name, excess in zip(constraint_names(objective), constraints(objective, rows), strict=True)
        }

    @property
    def _compares_instances(self) -> bool:
        return self._search.pruner.name == "wilcoxon" and len(self._search.objective) == 1

    def _worth(self, candidate: Candidate, rows: Sequence[Row]) -> list[float] | None:
        """Return the value of each objective over rows; None if one is undefined, which fails the trial."""
        return self._defined(candidate, lambda: [value(objective, rows) for objective in self._search.objective])

    def _defined(self, candidate: Candidate, numbers: Callable[[], T]) -> T | None:
        try:
            return numbers()
        except Undefined as error:
            self._fail(candidate, str(error))
            return None

    def _note(self, candidate: Candidate, worth: Sequence[float] | None, step: int) -> None:
        """Report the first objective as intermediate value of a step, unless an earlier session has reported it."""
        known = self._optuna.get_trials(deepcopy=False)[candidate.trial.number].intermediate_values
        if worth is not None and step not in known:
            candidate.trial.report(worth[0], step)

    def _fail(self, candidate: Candidate, reason: str) -> None:
        candidate.trial.set_user_attr("reason", reason)
        self._tell(candidate, TrialState.FAIL)

    def _tell(self, candidate: Candidate, state: TrialState, values: Sequence[float] | None = None) -> None:
        candidate.trial.set_user_attr("runs", len(candidate.records))
        if state == TrialState.PRUNED and candidate.rows():
            candidate.trial.set_user_attr("known", self._worth(candidate, candidate.rows()))
        self._optuna.tell(candidate.trial, values, state)
        self._optuna.set_user_attr(SECONDS, self._seconds())
        del self._open[candidate.trial.number]

    def _waiting(self, run_id: str) -> list[Candidate]:
        return [c for c in self._open.values() if run_id in c.plan.runs and run_id not in c.records]

    def _unwanted(self, candidate: Candidate) -> set[str]:
        """Return ids of missing runs of a finished candidate that no open candidate and no ablation needs."""
        left = {i for i in candidate.plan.runs if i not in candidate.records and not self._waiting(i)}
        dropped = left - self._planned
        self._handed -= dropped
        return dropped
