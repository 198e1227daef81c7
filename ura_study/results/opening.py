"""Read the results of a study from its folder: all that tables need; no image is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from ura_study.data.pairs import asked
from ura_study.errors import ConfigError
from ura_study.results.folder import find, reopen
from ura_study.results.results import Results, Search
from ura_study.results.searched import search_of
from ura_study.runs import store
from ura_study.study.config import Study, validated
from ura_study.study.loading import load_study
from ura_study.study.plan import make_plan


def open_recorded(which: str, results: Path, options: Mapping[str, object]) -> Results:
    """Return the results of a study, with those of its search.

    Args:
        which: the study's file, its results folder, or its name. With the file, its current content counts, otherwise
            the study as it was last run.
        results: the folder that holds the results folders of studies.
        options: values for keys of the `report` section; None: the value of the study.

    Raises:
        ConfigError: where there is no such study, the study has a category that the last run did not, or an option is
            invalid.
        DataError: where a file in its folder cannot be read.
    """
    folder, path = find(which, results), Path(which)
    kept, plan = reopen(folder)
    place = path if path.is_file() else folder
    study = _with(load_study(path) if path.is_file() else kept, options, place)
    chosen = asked(study.data, plan.categories)
    try:
        if unknown := [name for name in chosen if name not in plan.fingerprints]:
            raise ConfigError(f"data.categories: category '{unknown[0]}' was not there in the last run ({folder})")
        if study != kept or chosen != plan.categories:
            plan = make_plan(study, {name: plan.fingerprints[name] for name in chosen})
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from error
    return with_search(Results(study, plan, store.read(folder), folder))


def with_search(results: Results) -> Results:
    """Return results with the search of the study, if it has begun; its best variants are added to the plan.

    `results.folder` must be set.
    """
    assert results.folder is not None
    found = search_of(results.study, results.plan, results.folder)
    if found is None:
        return results
    from ura_study.search.importance import importance
    from ura_study.search.trials import trials
    from ura_study.search.variants import with_best

    every, optuna_study = found
    told = trials(optuna_study)
    plan = with_best(results.study, results.plan, every, told)
    return dataclasses.replace(results, plan=plan, search=Search(told, every, importance(optuna_study)))


def open_done(which: str, results: Path, options: Mapping[str, object]) -> Results:
    """Return the results of a study that has at least one recorded run; for the arguments see `open_recorded`.

    Raises:
        ConfigError: as `open_recorded`, and where no run of the study is recorded.
        DataError: as `open_recorded`.
    """
    opened = open_recorded(which, results, options)
    plans = [opened.plan, *([opened.search.plan] if opened.search else [])]
    if not any(run_id in opened.records for plan in plans for run_id in plan.runs):
        raise ConfigError(
            f"{find(which, results)}: nothing is recorded of this study yet; `ura-study run` does its runs"
        )
    return opened


def _with(study: Study, options: Mapping[str, object], path: Path) -> Study:
    given = {key: value for key, value in options.items() if value is not None}
    raw = study.model_dump(mode="json", exclude_none=True)
    return validated(Study, raw | {"report": raw["report"] | given}, f"{path} with the options given")
