"""Make Optuna's pruner from the `pruner` section of a search."""

from __future__ import annotations

from collections.abc import Callable

from optuna import pruners
from optuna.pruners import BasePruner

from ura_study.search.config import PrunerSettings
from ura_study.search.options import made

CLASSES: dict[str, Callable[..., BasePruner]] = {
    "wilcoxon": pruners.WilcoxonPruner,
    "asha": pruners.SuccessiveHalvingPruner,
    "none": pruners.NopPruner,
}


def make_pruner(settings: PrunerSettings, *, where: str = "search.pruner") -> BasePruner:
    """Return the pruner of a search.

    Raises:
        ConfigError: beginning with `where`, for an option that the pruner does not have or accept.
    """
    return made(CLASSES[settings.name], settings.options, where)
