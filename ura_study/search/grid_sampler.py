"""Every combination of a space once.

Optuna's own grid sampler knows no conditions (it would try what is switched off many times over), cannot take
enqueued trials with fewer parameters, and stops a study in a way that fails under ask and tell.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from ura_study.search.space.space import Space


class GridSampler(BaseSampler):
    """Proposes the combinations that no trial of the study has tried yet, in an order drawn from `seed`.

    It keeps nothing itself: another process, or a later one with another seed, goes on where this one stopped.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._distributions = space.distributions()
        self._grid = space.grid()
        random.Random(seed).shuffle(self._grid)

    def remaining(self, study: Study) -> list[dict[str, Any]]:
        """Return the combinations that are still to be tried."""
        tried = {frozenset(trial.params.items()) for trial in study.get_trials(deepcopy=False)}
        return [params for params in self._grid if frozenset(params.items()) not in tried]

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Any]:
        enqueued = trial.system_attrs.get("fixed_params", {}).items()
        return next((params for params in self.remaining(study) if enqueued <= params.items()), {})

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        raise RuntimeError(f"{param_name} is not in the grid, or the grid is exhausted: see GridSampler.remaining")
