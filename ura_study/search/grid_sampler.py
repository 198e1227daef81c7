"""A sampler that tries each combination of a space once.

Optuna's own grid sampler does not support conditions (it would repeat combinations that differ only in inactive
parameters) or enqueued trials with fewer parameters, and its way of stopping a study fails with ask and tell.
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
    """Proposes the combinations that no trial of the study has tried yet, in a random order given by `seed`.

    It has no state of its own: another process, also with another seed, continues where this one stopped.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._distributions = space.distributions()
        self._grid = space.grid()
        random.Random(seed).shuffle(self._grid)

    def remaining(self, study: Study) -> list[dict[str, Any]]:
        """Return the combinations not yet tried, as Optuna's parameters."""
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
