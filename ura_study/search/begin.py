"""The Optuna study of a search: begun, or continued where it is the same search.

What a search is stands in the study's attributes. One of another space, objective or data under the same name is not
continued: its values would be compared with others that mean something else.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage

from ura_study.canonical import digest
from ura_study.errors import ConfigError
from ura_study.search.config import SearchSettings
from ura_study.search.objective import directions
from ura_study.search.pruners import make_pruner
from ura_study.search.samplers import make_sampler
from ura_study.search.space.space import Space
from ura_study.study.config import Study
from ura_study.study.plan import changed

#: The attribute of the Optuna study that says which search it is.
IDENTITY = "ura_study"


def begin(
    study: Study,
    search: SearchSettings,
    fingerprints: Mapping[str, str],
    space: Space,
    storage: BaseStorage,
    folder: Path,
) -> optuna.Study:
    """Return the Optuna study of a search, with the variants to begin with enqueued.

    Raises:
        ConfigError: where one of the same name is another search, or a variant to begin with is not in the space.
    """
    runs = len(fingerprints) * len(study.seeds)
    if search.pruner.name == "asha" and runs > 1:
        raise ConfigError(
            "search.pruner: asha compares training curves and needs variants of one run, "
            f"but got {runs} (categories × seeds)"
        )
    make_sampler(search.sampler, space, seed=0, objectives=len(search.objective))  # says so if its options are wrong
    optuna_study = optuna.create_study(
        study_name=study.study,
        storage=storage,
        directions=directions(search.objective),
        pruner=make_pruner(search.pruner),
        load_if_exists=True,
    )
    _check_same(optuna_study, _identity(study, search, fingerprints), folder, shared=search.storage is not None)
    for params in _first(study, search, space):
        optuna_study.enqueue_trial(params, skip_if_exists=True)
    return optuna_study


def _identity(study: Study, search: SearchSettings, fingerprints: Mapping[str, str]) -> dict[str, str]:
    """Return a hash of each thing that must stay as it was for values to be comparable."""
    parts: dict[str, object] = {
        "search.space": search.space,
        "search.objective": [part.model_dump(mode="json") for part in search.objective],
        "search.split": search.split,
        "base": study.base.model_dump(mode="json"),
        "seeds": study.seeds,
        "evaluation": study.evaluation.model_dump(mode="json"),
        "data": [dict(fingerprints), study.data.identity()],
    }
    return {key: digest(value) for key, value in parts.items()}


def _check_same(optuna_study: optuna.Study, identity: dict[str, str], folder: Path, *, shared: bool) -> None:
    """Raise a `ConfigError` where the Optuna study is another search; note in a new one which search it is."""
    known = optuna_study.user_attrs.get(IDENTITY)
    place = f"{platform.node()}:{folder}"
    if known is None:
        if optuna_study.trials:
            raise ConfigError(f"search.storage: holds an Optuna study '{optuna_study.study_name}' that is not ours")
        optuna_study.set_user_attr(IDENTITY, identity | {"place": place})
        return
    for key, value in identity.items():
        if known.get(key) != value:
            raise ConfigError(
                f"{key}: is not what the search '{optuna_study.study_name}' was begun with, so its trials cannot be "
                "compared; "
                f"give the study another name (study:), or remove {folder} to begin anew"
            )
    if shared and known["place"] != place:
        raise ConfigError(f"search.storage: the search '{optuna_study.study_name}' there belongs to {known['place']}")


def _first(study: Study, search: SearchSettings, space: Space) -> list[dict[str, Any]]:
    """Return the parameters of the variants to begin with: those that the study names."""
    first = []
    for index, changes in enumerate(search.enqueue):
        where = f"search.enqueue.{index}"
        params = space.params(changed(study.base, changes, where))
        if params is not None:
            first.append(params)
        elif changes:  # the baseline may well lie outside the space: it is measured anyway
            raise ConfigError(f"{where}: is not in the search space")
    return first
