"""A study's results as they lie in its folder: everything tables need, without an image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ura_study.config import Study, load_study, validated
from ura_study.errors import ConfigError
from ura_study.plan import make_plan
from ura_study.results.folder import reopen
from ura_study.results.results import Results
from ura_study.runs import store


def open_results(path: Path, results: Path, options: Mapping[str, object]) -> Results:
    """Return the results of a study, its baseline and ablations.

    Args:
        path: its results folder; or its YAML file, whose ablations and `report` section then count as they are now.
        results: where the results folder is looked for that belongs to a YAML file.
        options: keys of the `report` section that take other values; None: as the study has it.

    Raises:
        ConfigError: where there are no results, or the study or an option is not as it must be.
        DataError: where what lies in the folder cannot be read.
    """
    study = None if path.is_dir() else load_study(path)
    folder = path if study is None else results / study.study
    kept, plan = reopen(folder)
    study = _with(kept if study is None else study, {k: v for k, v in options.items() if v is not None}, path)
    chosen = plan.categories if study.data.categories == "all" else study.data.categories
    try:
        if unknown := [name for name in chosen if name not in plan.fingerprints]:
            raise ConfigError(f"data.categories: category '{unknown[0]}' was not there in the last run ({folder})")
        fingerprints = {name: plan.fingerprints[name] for name in chosen}
        return Results(study, make_plan(study, fingerprints), store.read(folder), folder)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _with(study: Study, options: Mapping[str, object], path: Path) -> Study:
    raw = study.model_dump(mode="json", exclude_none=True)
    return validated(Study, raw | {"report": raw["report"] | options}, f"{path} with the options given")
