"""The variants of a search, rebuilt from the trials in Optuna's storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import optuna

from ura_study.errors import ConfigError
from ura_study.search.space.space import Space
from ura_study.search.trials import TrialSummary, trials
from ura_study.study.config import Study
from ura_study.study.plan import Plan, Variant, changed, joined, make_plan

#: Name in place of an ablation for variants of a search.
SEARCH = "search"


def searched_plan(study: Study, fingerprints: Mapping[str, str], space: Space, optuna_study: optuna.Study) -> Plan:
    """Return the plan of the variants of all trials that have begun, in the order of the trials.

    Trials whose values are invalid in combination have no variant.

    Raises:
        ConfigError: where a trial does not fit the space.
    """
    return make_plan(study, fingerprints, list(_variants(study, space, optuna_study)))


def with_best(study: Study, plan: Plan, every: Plan, found: Sequence[TrialSummary]) -> Plan:
    """Return `plan` with the best variant of a search, or its Pareto front, added.

    Args:
        study: the study.
        plan: the plan to extend.
        every: the plan of the variants of all trials.
        found: the trials.
    """
    best = {trial.variant for trial in found if trial.best}
    return joined(plan, make_plan(study, plan.fingerprints, [v for v in every.variants if v.name in best]))


def _variants(study: Study, space: Space, optuna_study: optuna.Study) -> Iterator[Variant]:
    for trial in trials(optuna_study):
        changes = space.changes(trial.params)
        try:
            settings = changed(study.baseline, changes, trial.variant)
        except ConfigError:  # the combination of values is invalid: the trial has failed with a reason
            continue
        yield Variant(trial.variant, settings, changes, SEARCH)
