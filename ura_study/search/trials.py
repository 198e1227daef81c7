"""The trials of a search as plain data, read from Optuna's storage: what reports and the status show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from ura_study.search.config import SearchSettings
from ura_study.study.plan import Plan

#: The Optuna study's attribute that holds how many seconds the search has been at work.
SECONDS = "seconds"


@dataclass(frozen=True)
class TrialSummary:
    """One trial."""

    number: int
    variant: str
    """The name of the variant in records and tables."""
    state: Literal["running", "complete", "pruned", "failed"]
    values: tuple[float, ...] | None
    """The objectives' values; of a pruned trial over the runs that were done; None where unknown."""
    params: Mapping[str, Any]
    """As Optuna keeps them."""
    feasible: bool
    """Whether it keeps within the bounds of the objectives."""
    best: bool
    """Whether it is the best, or one of the Pareto front."""
    runs: int | None
    """Runs that were done when it was decided about."""
    reason: str
    """Why it failed."""
    logs: Mapping[str, bool] = field(default_factory=dict)
    """Key of each range that it drew from → whether it drew evenly on a logarithmic scale."""


_STATES: dict[TrialState, Literal["complete", "pruned", "failed"]] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def trials(optuna_study: optuna.Study) -> list[TrialSummary]:
    """Return the trials that have begun, by number."""
    best = {trial.number for trial in _best(optuna_study)}
    begun = (trial for trial in optuna_study.get_trials(deepcopy=False) if trial.state != TrialState.WAITING)
    return [_summary(trial, trial.number in best) for trial in begun]


def finished(optuna_study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that were told, by number."""
    return [trial for trial in optuna_study.get_trials(deepcopy=False) if trial.state.is_finished()]


def stale(optuna_study: optuna.Study) -> int:
    """Return how many trials were told since the best was found, or since the Pareto front last changed."""
    best = [trial.number for trial in _best(optuna_study)]
    if not best:
        return 0
    last = max(best) if len(optuna_study.directions) > 1 else min(best)
    return sum(trial.number > last for trial in finished(optuna_study))


def given_up(found: Iterable[TrialSummary], own: Plan) -> frozenset[str]:
    """Return the variants of pruned and failed trials, of which no more runs are wanted; none of the study's `own`."""
    ended = {trial.variant for trial in found if trial.state in ("pruned", "failed")}
    return frozenset(ended - {variant.name for variant in own.variants})


def name_of(number: int) -> str:
    """Return the name of the variant that a trial proposed."""
    return f"search-{number:04}"


def headline(found: Sequence[TrialSummary], search: SearchSettings) -> str:
    """Return how far a search is, in a line."""
    states = Counter(trial.state for trial in found)
    told = len(found) - states["running"]
    parts = [f"{states[state]} {state}" for state in ("running", "pruned", "failed") if states[state]]
    line = f"search: {told} of {search.trials} trials" + (f" ({', '.join(parts)})" if parts else "")
    best = [(trial.variant, trial.values[0]) for trial in found if trial.best and trial.values is not None]
    if not best:
        return line
    if len(search.objective) > 1:
        return f"{line}, {len(best)} on the Pareto front"
    variant, value = best[0]
    return f"{line}, best {search.objective[0].label} {value:.4g} ({variant})"


def _best(optuna_study: optuna.Study) -> list[FrozenTrial]:
    return (
        optuna_study.best_trials
        if any(t.state == TrialState.COMPLETE for t in optuna_study.get_trials(deepcopy=False))
        else []
    )


def _summary(trial: FrozenTrial, best: bool) -> TrialSummary:
    attrs = trial.user_attrs
    values = attrs.get("known") if trial.state == TrialState.PRUNED else trial.values
    return TrialSummary(
        number=trial.number,
        variant=attrs.get("variant", name_of(trial.number)),
        state=_STATES.get(trial.state, "running"),
        values=None if values is None else tuple(values),
        params=trial.params,
        feasible=all(excess <= 0 for excess in trial.constraints.values()),
        best=best,
        runs=attrs.get("runs"),
        reason=attrs.get("reason", ""),
        logs={k: d.log for k, d in trial.distributions.items() if isinstance(d, FloatDistribution | IntDistribution)},
    )
