"""Start the Optuna study of a search, or continue it if it is the same search.

The attributes of the Optuna study identify the search. A search of the same name with another space, objective or data
is not continued, since its values could not be compared with new ones.
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
from ura_study.search.scaling import SCALE, scale_of
from ura_study.search.space.space import Space
from ura_study.study.config import Study
from ura_study.study.plan import changed

#: Attribute of the Optuna study that identifies the search.
IDENTITY = "ura_study"


def begin(
    study: Study,
    search: SearchSettings,
    fingerprints: Mapping[str, str],
    space: Space,
    storage: BaseStorage,
    folder: Path,
) -> optuna.Study:
    """Return the Optuna study of a search, with the first variants (`search.enqueue`) enqueued.

    Args:
        study: the study.
        search: its `search` section.
        fingerprints: category → fingerprint of its data.
        space: the search space.
        storage: where Optuna keeps the search.
        folder: the study's results folder.

    Raises:
        ConfigError: where the storage has another search of the same name, an enqueued variant is not in the space,
            sampler or pruner have invalid options, or asha is used with more than one run per variant.
    """
    runs = len(fingerprints) * len(study.seeds)
    if search.pruner.name == "asha" and runs > 1:
        raise ConfigError(
            "search.pruner: asha compares training curves and needs variants of one run, "
            f"but got {runs} (categories × seeds)"
        )
    make_sampler(search.sampler, space, seed=0, objectives=len(search.objective))  # raises if its options are wrong
    optuna_study = optuna.create_study(
        study_name=study.study,
        storage=storage,
        directions=directions(search.objective),
        pruner=make_pruner(search.pruner),
        load_if_exists=True,
    )
    _check_same(optuna_study, _identity(study, search, fingerprints), folder, shared=search.storage is not None)
    if (scale := scale_of(search.objective[0])) is not None:
        optuna_study.set_user_attr(SCALE, scale)
    for params in _first(study, search, space):
        optuna_study.enqueue_trial(params, skip_if_exists=True)
    return optuna_study


def _identity(study: Study, search: SearchSettings, fingerprints: Mapping[str, str]) -> dict[str, str]:
    """Return a digest of each part of the study that must stay the same for values to be comparable."""
    parts: dict[str, object] = {
        "search.space": search.space,
        "search.objective": [part.identity() for part in search.objective],
        "search.split": search.split,
        "base": study.base.model_dump(mode="json"),
        "seeds": study.seeds,
        "evaluation": study.evaluation.model_dump(mode="json"),
        "data": [dict(fingerprints), study.data.identity()],
    }
    return {key: digest(value) for key, value in parts.items()}


def _check_same(optuna_study: optuna.Study, identity: dict[str, str], folder: Path, *, shared: bool) -> None:
    """Raise a `ConfigError` if the Optuna study is another search; write the identity into a new one."""
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
    """Return the parameters of the enqueued variants; the baseline is left out if it is not in the space.

    Raises:
        ConfigError: where another enqueued variant is not in the space.
    """
    first = []
    for index, changes in enumerate(search.enqueue):
        where = f"search.enqueue.{index}"
        params = space.params(changed(study.baseline, changes, where))
        if params is not None:
            first.append(params)
        elif changes:  # a baseline outside the space is measured anyway
            raise ConfigError(f"{where}: is not in the search space")
    return first
