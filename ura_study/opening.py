"""A study opened: read from its file, checked and planned."""

from __future__ import annotations

from pathlib import Path

from ura_study.config import Study, load_study, space_file
from ura_study.errors import ConfigError
from ura_study.plan import Plan
from ura_study.results.folder import STUDY
from ura_study.study_file import load_yaml
from ura_study.survey import check_backbones, survey


def open_study(path: Path) -> tuple[Study, Plan]:
    """Return a study and the plan of its baseline and ablations, everything checked that can be without running it.

    Raises:
        ConfigError: where the file, the search space or the literature's numbers are not as they must be.
        DataError: where folders, images or masks are not.
    """
    if path.is_dir():
        inside = f"; did you mean {path / STUDY}?" if (path / STUDY).is_file() else ""
        raise ConfigError(f"{path}: expected a study file, but it is a folder{inside}")
    study = load_study(path)
    try:
        plan = survey(study)
        check_backbones(plan)
        if study.report.reported:
            from ura_study.results.reported import read_reported

            read_reported(study.report.reported)  # says now what would else be said after all runs
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    if study.search is not None:
        from ura_study.search.space.space import read_space

        file = space_file(load_yaml(path), path)
        read_space(study.search.space, study.base, str(file) if file else f"{path}: search.space")
    return study, plan
