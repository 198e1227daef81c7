"""Make Optuna's sampler from the `sampler` section of a search."""

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
#: Defaults that differ from Optuna's. With conditions some parameters are sampled independently: this needs no warning.
DEFAULTS: dict[str, dict[str, Any]] = {
    "cmaes": {"warn_independent_sampling": False},
    "gp": {"warn_independent_sampling": False},
    "qmc": {"warn_independent_sampling": False},
}


def make_sampler(
    settings: SamplerSettings, space: Space, seed: int, *, objectives: int, where: str = "search.sampler"
) -> BaseSampler:
    """Return the sampler of a search.

    Args:
        settings: the `sampler` section.
        space: the search space; only the grid sampler uses it.
        seed: seed of the sampler.
        objectives: number of objectives of the search.
        where: the key path of the section, for errors.

    Raises:
        ConfigError: beginning with `where`, for an option that the sampler does not have or accept, and for cmaes with
            several objectives or without its package; beginning with the key of the space, if it has no finite grid.
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
    # model parameters jointly, in groups of those that are active together, and avoid values now being tried
    together = settings.options.get("multivariate", True)
    return {"multivariate": True, "group": together is not False, "constant_liar": True}
