"""The variants that a search has tried, rebuilt from what Optuna keeps of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import optuna

from ura_study.config import Study
from ura_study.errors import ConfigError
from ura_study.plan import Plan, Variant, changed, make_plan
from ura_study.search.session import SEARCH
from ura_study.search.space import Space
from ura_study.search.trials import trials


def tried_plan(study: Study, fingerprints: Mapping[str, str], space: Space, tried: optuna.Study) -> Plan:
    """Return the plan of all variants that a search has begun with, in the order of the trials."""
    return make_plan(study, fingerprints, list(_variants(study, space, tried)))


def _variants(study: Study, space: Space, tried: optuna.Study) -> Iterator[Variant]:
    for trial in trials(tried):
        changes = space.changes(trial.params)
        try:
            settings = changed(study.base, changes, trial.variant)
        except ConfigError:  # values that are valid one by one but not together: the trial failed and says so
            continue
        yield Variant(trial.variant, settings, changes, SEARCH)
