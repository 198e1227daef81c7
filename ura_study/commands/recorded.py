"""What is recorded of a study, as far as it has been run, what its search has tried included."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ura_study.commands.tried import tried_of
from ura_study.errors import ConfigError
from ura_study.plan import Plan
from ura_study.results.folder import find
from ura_study.results.opening import open_results
from ura_study.results.results import Results, Search


def open_recorded(which: str, results: Path, options: Mapping[str, object]) -> Results:
    """Return the results of a study, those of its search included.

    Args:
        which: its file, whose `report` section then counts as it is now, its folder or its name.
        results: where the folders of studies are.
        options: keys of the `report` section that take other values; None: as the study has it.

    Raises:
        ConfigError: where there is no such study, or an option is not as it must be.
        DataError: where what lies in its folder cannot be read.
    """
    folder = find(which, results)
    opened = open_results(Path(which) if Path(which).is_file() else folder, results, options)
    found = tried_of(opened.study, opened.plan, folder)
    return opened if found is None else with_search(opened, *found)


def with_search(results: Results, every: Plan, tried: Any) -> Results:
    """Return results with those of a search: its best variants stand beside the baseline and the ablations.

    Args:
        results: of the baseline and the ablations; the records are of all.
        every: the plan of all variants that were tried.
        tried: the `optuna.Study`.
    """
    from ura_study.search.importance import importance
    from ura_study.search.trials import trials
    from ura_study.search.variants import with_best

    told = trials(tried)
    plan = with_best(results.study, results.plan, every, told)
    return dataclasses.replace(results, plan=plan, search=Search(told, every, importance(tried)))


def open_done(which: str, results: Path, options: Mapping[str, object]) -> Results:
    """Return the same for what needs numbers.

    Raises:
        ConfigError: also where none of the study's runs is recorded.
    """
    opened = open_recorded(which, results, options)
    plans = [opened.plan, *([opened.search.plan] if opened.search else [])]
    if not any(run_id in opened.records for plan in plans for run_id in plan.runs):
        raise ConfigError(
            f"{find(which, results)}: nothing is recorded of this study yet; `ura-study run` does its runs"
        )
    return opened
