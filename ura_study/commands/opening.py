"""A study opened: checked, planned, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from ura_study.config import Study, load_study, space_file
from ura_study.errors import ConfigError
from ura_study.plan import Plan
from ura_study.results.folder import STUDY
from ura_study.runs import store
from ura_study.runs.counts import counts
from ura_study.runs.record import Record
from ura_study.study_file import load_yaml
from ura_study.survey import check_backbones, survey

if TYPE_CHECKING:
    from ura_study.search.space.space import Space


def open_study(path: Path) -> tuple[Study, Plan, Space | None]:
    """Return a study, its plan and its search space, everything checked that can be without running it."""
    if path.is_dir():
        inside = f"; did you mean {path / STUDY}?" if (path / STUDY).is_file() else ""
        raise ConfigError(f"{path}: expected a study file, but it is a folder{inside}")
    study = load_study(path)
    try:
        planned = survey(study)
        check_backbones(planned)
        if study.report.reported:
            from ura_study.results.reported import read_reported

            read_reported(study.report.reported)  # says now what would else be said after all runs
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return study, planned, _space(study, path)


def _space(study: Study, path: Path) -> Space | None:
    """Return the search space of a study read from `path`; None where it does not search."""
    if study.search is None:
        return None
    from ura_study.search.space.space import read_space

    file = space_file(load_yaml(path), path)
    return read_space(study.search.space, study.base, str(file) if file else f"{path}: search.space")


def known(study: Study, planned: Plan, results: Path, console: Console) -> tuple[dict[str, Record], dict[str, Record]]:
    """Return what is recorded in the study's own folder, and what other studies have done, by run id.

    The others are not read where nothing is missing.
    """
    own = store.read(results / study.study)
    if study.search is None and all(i in own and own[i].done for i in planned.runs):
        return own, {}
    return own, store.library(results, study.study, lambda line: console.print(Text(line), soft_wrap=True))


def reused(study: Study, planned: Plan, own: Mapping[str, Record], library: Mapping[str, Record]) -> dict[str, Record]:
    """Return the runs of a plan that only other studies have done, as this study's records."""
    missing = [run for i, run in planned.runs.items() if i in library and not (i in own and own[i].done)]
    return {run.run_id: store.adopted(library[run.run_id], study.study, run.variant) for run in missing}


def plan_line(planned: Plan, own: dict[str, Record], other: dict[str, Record]) -> str:
    done, failed, left = counts(planned, own | other)
    parts = [f"{done} recorded", f"{left} to run"]
    if failed:
        parts.append(f"{failed} failed before and to be tried again")
    if other:
        sources = sorted({record.reused_from for record in other.values()})
        parts.append(f"{len(other)} of the recorded reused from {', '.join(sources)}")
    if planned.unread:
        parts.append(f"files beside the images, not read: {planned.unread} (ura-study data check)")
    v, c, s = len(planned.variants), len(planned.categories), len(planned.seeds)
    return f"{v} variants × {c} categories × {s} seeds: {len(planned.runs)} different runs, {'; '.join(parts)}"
