"""The trials of a search as plain data from Optuna's storage, for reports and the status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from ura_study.search.config import SearchSettings
from ura_study.search.scaling import PARTS, SCALE, scaled
from ura_study.study.plan import Plan

#: Attribute of the Optuna study: for how many seconds the search has run.
SECONDS = "seconds"


@dataclass(frozen=True)
class TrialSummary:
    """The data of one trial."""

    number: int
    variant: str
    """The name of the variant in records and tables."""
    state: Literal["running", "complete", "pruned", "failed"]
    values: tuple[float, ...] | None
    """Value of each objective; for a pruned trial, over the runs done until then; None: unknown."""
    params: Mapping[str, Any]
    """Key → value as Optuna stores it."""
    feasible: bool
    """Whether the trial is within the limits of all objectives."""
    best: bool
    """Whether it is the best trial, or on the Pareto front."""
    runs: int | None
    """Number of runs with a record, done or failed, when the trial finished; None: unknown."""
    reason: str
    """Why the trial failed; "" if it did not."""
    logs: Mapping[str, bool] = field(default_factory=dict)
    """Key of each range → whether it was sampled on a logarithmic scale."""
    scaled: float | None = None
    """Value by which the best is chosen, where the objective has a scale and the trial is complete and within all
    limits (see `scaling`); larger is better."""


_STATES: dict[TrialState, Literal["complete", "pruned", "failed"]] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def trials(optuna_study: optuna.Study) -> list[TrialSummary]:
    """Return the trials that have begun, in the order of their numbers."""
    on_scale = _on_scale(optuna_study)
    best = {trial.number for trial in _best(optuna_study, on_scale)}
    begun = (trial for trial in optuna_study.get_trials(deepcopy=False) if trial.state != TrialState.WAITING)
    return [_summary(trial, trial.number in best, on_scale.get(trial.number)) for trial in begun]


def finished(optuna_study: optuna.Study) -> list[FrozenTrial]:
    """Return the finished trials (complete, pruned or failed), in the order of their numbers."""
    return [trial for trial in optuna_study.get_trials(deepcopy=False) if trial.state.is_finished()]


def stale(optuna_study: optuna.Study) -> int:
    """Return how many finished trials are newer than the best one, or than the newest one on the Pareto front."""
    best = [trial.number for trial in _best(optuna_study, _on_scale(optuna_study))]
    if not best:
        return 0
    last = max(best) if len(optuna_study.directions) > 1 else min(best)
    return sum(trial.number > last for trial in finished(optuna_study))


def given_up(found: Iterable[TrialSummary], own: Plan) -> frozenset[str]:
    """Return the variants of pruned and failed trials, which need no more runs; those in `own` are left out."""
    ended = {trial.variant for trial in found if trial.state in ("pruned", "failed")}
    return frozenset(ended - {variant.name for variant in own.variants})


def name_of(number: int) -> str:
    """Return the name of the variant of a trial, e.g. `search-0017`."""
    return f"search-{number:04}"


def headline(found: Sequence[TrialSummary], search: SearchSettings) -> str:
    """Return a line on the progress of a search."""
    states = Counter(trial.state for trial in found)
    told = len(found) - states["running"]
    parts = [f"{states[state]} {state}" for state in ("running", "pruned", "failed") if states[state]]
    line = f"search: {told} of {search.trials} trials" + (f" ({', '.join(parts)})" if parts else "")
    best = [trial for trial in found if trial.best and trial.values is not None]
    if not best:
        return line
    if len(search.objective) > 1:
        return f"{line}, {len(best)} on the Pareto front"
    objective, first = search.objective[0], best[0]
    assert first.values is not None
    how = "" if first.scaled is None else f" by {objective.scale_label}, {first.scaled:.3g}, with"
    return f"{line}, best{how} {objective.label} {first.values[0]:.4g} ({first.variant})"


def _best(optuna_study: optuna.Study, on_scale: Mapping[int, float]) -> list[FrozenTrial]:
    """Return the best trial, or those on the Pareto front; the first of those that are equal on the scale."""
    every = optuna_study.get_trials(deepcopy=False)
    if not any(trial.state == TrialState.COMPLETE for trial in every):
        return []
    if SCALE not in optuna_study.user_attrs:
        return optuna_study.best_trials
    best = max(on_scale, key=lambda number: (on_scale[number], -number), default=None)
    return [trial for trial in every if trial.number == best]


def _on_scale(optuna_study: optuna.Study) -> dict[int, float]:
    """Return number → value on the scale of the trials that are complete and within all limits; none without one."""
    if (how := optuna_study.user_attrs.get(SCALE)) is None:
        return {}
    every = optuna_study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    compared = [trial for trial in every if _feasible(trial)]
    values = scaled([trial.user_attrs[PARTS] for trial in compared], how)
    return {trial.number: value for trial, value in zip(compared, values, strict=True)}


def _feasible(trial: FrozenTrial) -> bool:
    return all(excess <= 0 for excess in trial.constraints.values())


def _summary(trial: FrozenTrial, best: bool, scaled: float | None) -> TrialSummary:
    attrs = trial.user_attrs
    values = attrs.get("known") if trial.state == TrialState.PRUNED else trial.values
    return TrialSummary(
        number=trial.number,
        variant=attrs.get("variant", name_of(trial.number)),
        state=_STATES.get(trial.state, "running"),
        values=None if values is None else tuple(values),
        params=trial.params,
        feasible=_feasible(trial),
        best=best,
        scaled=scaled,
        runs=attrs.get("runs"),
        reason=attrs.get("reason", ""),
        logs={k: d.log for k, d in trial.distributions.items() if isinstance(d, FloatDistribution | IntDistribution)},
    )
