"""The trials of a study's search so far. (Not in `opening`, so that commands without tables need not import pandas.)"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ura_study.results.folder import STUDY
from ura_study.study.config import Study
from ura_study.study.plan import Plan


def search_of(study: Study, plan: Plan, folder: Path) -> tuple[Plan, Any] | None:
    """Return the plan of the variants of all trials, and the `optuna.Study`; None if no search has begun.

    Raises:
        ConfigError: where a stored trial does not fit the search space.
        DataError: where the journal of the search is damaged.
        ResourceError: where its storage cannot be reached.
    """
    if study.search is None:
        return None
    from ura_study.search.space.space import read_space
    from ura_study.search.storage import existing
    from ura_study.search.variants import searched_plan

    optuna_study = existing(study.search.storage, folder, study.study)
    if optuna_study is None:
        return None
    space = read_space(study.search.domains, study.baseline, f"{folder / STUDY}: search.space")
    return searched_plan(study, plan.fingerprints, space, optuna_study), optuna_study
