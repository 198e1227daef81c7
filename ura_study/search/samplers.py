"""From the `sampler` section of a search to Optuna's sampler."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from optuna import samplers
from optuna.samplers import BaseSampler

from ura_study.errors import ConfigError
from ura_study.search.config import SamplerSettings
from ura_study.search.grid_sampler import GridSampler
from ura_study.search.options import made
from ura_study.search.space.space import Space

CLASSES: dict[str, Callable[..., BaseSampler]] = {
    "tpe": samplers.TPESampler,
    "random": samplers.RandomSampler,
    "cmaes": samplers.CmaEsSampler,
    "gp": samplers.GPSampler,
    "nsga2": samplers.NSGAIISampler,
    "qmc": samplers.QMCSampler,
}
#: Our defaults where they are not Optuna's. Conditions make some parameters independent: that needs no warning.
DEFAULTS: dict[str, dict[str, Any]] = {
    "cmaes": {"warn_independent_sampling": False},
    "gp": {"warn_independent_sampling": False},
    "qmc": {"warn_independent_sampling": False},
}


def make_sampler(
    settings: SamplerSettings, space: Space, seed: int, *, objectives: int, where: str = "search.sampler"
) -> BaseSampler:
    """Return the sampler of a search with this many objectives.

    Raises:
        ConfigError: beginning with `where`, for an option that the sampler does not have or accept, a sampler that
            cannot do what is asked, or one whose package is missing.
    """
    name, options = settings.name, settings.options
    if name == "cmaes" and objectives > 1:
        raise ConfigError(f"{where}: cmaes has one objective, but there are {objectives}; use nsga2 or tpe")
    if name == "cmaes" and importlib.util.find_spec("cmaes") is None:
        raise ConfigError(f"{where}: cmaes needs a further package: pip install 'ura-study[search]'")
    if name == "grid":
        for option in options:
            raise ConfigError(f"{where}.{option}: there are no options here")
        return GridSampler(space, seed)
    return made(CLASSES[name], options, where, seed=seed, **_defaults(settings))


def _defaults(settings: SamplerSettings) -> dict[str, Any]:
    if settings.name != "tpe":
        return DEFAULTS.get(settings.name, {})
    # jointly, in groups of parameters that are there together, and away from what is being tried right now
    together = settings.options.get("multivariate", True)
    return {"multivariate": True, "group": together is not False, "constant_liar": True}
