"""The variants that a search has tried, rebuilt from what Optuna keeps of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import optuna

from ura_study.errors import ConfigError
from ura_study.search.space.space import Space
from ura_study.search.trials import TrialSummary, trials
from ura_study.study.config import Study
from ura_study.study.plan import Plan, Variant, changed, joined, make_plan

#: The ablation under which searched variants stand.
SEARCH = "search"


def searched_plan(study: Study, fingerprints: Mapping[str, str], space: Space, optuna_study: optuna.Study) -> Plan:
    """Return the plan of all variants that a search has begun with, in the order of the trials."""
    return make_plan(study, fingerprints, list(_variants(study, space, optuna_study)))


def with_best(study: Study, plan: Plan, every: Plan, found: Sequence[TrialSummary]) -> Plan:
    """Return a plan with the best variant of a search (or its Pareto front) added, out of the plan of all it tried."""
    best = {trial.variant for trial in found if trial.best}
    return joined(plan, make_plan(study, plan.fingerprints, [v for v in every.variants if v.name in best]))


def _variants(study: Study, space: Space, optuna_study: optuna.Study) -> Iterator[Variant]:
    for trial in trials(optuna_study):
        changes = space.changes(trial.params)
        try:
            settings = changed(study.base, changes, trial.variant)
        except ConfigError:  # values that are valid one by one but not together: the trial failed and says so
            continue
        yield Variant(trial.variant, settings, changes, SEARCH)
