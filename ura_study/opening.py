"""A study opened: read from its file, checked and planned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ura_study.data.config import DataSettings
from ura_study.errors import ConfigError
from ura_study.results.folder import STUDY
from ura_study.study.config import Study
from ura_study.study.loading import load_study, space_file, study_of
from ura_study.study.plan import Plan, changed
from ura_study.study.study_file import load_yaml
from ura_study.study.survey import check_backbones, survey


def open_study(path: Path) -> tuple[Study, Plan]:
    """Return a study and the plan of its baseline and ablations, after all checks that are possible before it runs.

    Raises:
        ConfigError: where the file, the search space or the literature's numbers are not as they must be.
        DataError: where folders, images or masks are not as they must be.
    """
    if path.is_dir():
        inside = f"; did you mean {path / STUDY}?" if (path / STUDY).is_file() else ""
        raise ConfigError(f"{path}: expected a study file, but it is a folder{inside}")
    study = load_study(path)
    space = space_file(load_yaml(path), path)
    return study, _checked(study, str(path), str(space) if space else f"{path}: search.space")


def open_given(raw: Mapping[str, Any]) -> tuple[Study, Plan]:
    """Return the same for the content of a study file; relative paths are relative to the current folder.

    Raises:
        ConfigError, DataError: as `open_study` does.
    """
    study = study_of(raw, Path("study"))
    return study, _checked(study, "study", "study: search.space")


def _checked(study: Study, where: str, space: str) -> Plan:
    """Return the plan of a study, after all checks that are possible before it runs."""
    searched = _searched(study, space)
    try:
        plan = survey(study, searched)
        check_backbones(plan)
        if study.report.reported:
            from ura_study.results.reported import read_reported

            read_reported(study.report.reported)  # reports errors now instead of after all runs
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    return plan


def _searched(study: Study, where: str) -> list[tuple[str, DataSettings]]:
    """Return the ends of what a study's search may try in `data`: file and key, and the data settings.

    Raises:
        ConfigError: where the search space is not as it must be.
    """
    if study.search is None:
        return []
    from ura_study.search.space.space import read_space

    space = read_space(study.search.domains, study.baseline, where)
    return [
        (f"{where}.{key}", study.data_of(changed(study.baseline, changes, where)))
        for key, changes in space.extremes("data")
    ]
