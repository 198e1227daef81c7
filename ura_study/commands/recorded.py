"""A study that has been run, named on the command line by its file, its folder or its name, and its search so far."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ura_study.config import Study, load_study
from ura_study.errors import ConfigError, nearest
from ura_study.plan import Plan
from ura_study.report.folder import STUDY

if TYPE_CHECKING:
    from ura_study.search.trials import Tried


def folder_of(which: str, results: Path) -> Path:
    """Return the folder of results of a study named by its file, its folder or its name.

    Raises:
        ConfigError: where there is no such study.
    """
    path = Path(which)
    if path.is_dir():
        return path
    name = load_study(path).study if path.is_file() else which
    if not (results / name).is_dir():
        known = [p.parent.name for p in results.glob(f"*/{STUDY}")]
        raise ConfigError(f"{results}: holds no study '{name}'{nearest(name, known)}")
    return results / name


def tried_of(study: Study, plan: Plan, folder: Path) -> tuple[Plan, list[Tried]] | None:
    """Return the plan of all variants that a study's search has tried, and the trials; None where none has begun."""
    if study.search is None:
        return None
    from ura_study.search.space import read_space
    from ura_study.search.storage import existing
    from ura_study.search.trials import trials
    from ura_study.search.variants import tried_plan

    tried = existing(study.search.storage, folder, study.study)
    if tried is None:
        return None
    space = read_space(study.search.space, study.base, f"{folder / STUDY}: search.space")
    return tried_plan(study, plan.fingerprints, space, tried), trials(tried)
