"""A study opened: checked, planned, and what is recorded of it."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from ura_study.config import Study, load_study
from ura_study.errors import ConfigError
from ura_study.plan import Plan
from ura_study.runs import store
from ura_study.runs.record import Record
from ura_study.survey import check_backbones, survey
from ura_study.tune.progress import counts


def open_study(path: Path) -> tuple[Study, Plan]:
    """Return a study and its plan, everything checked that can be without running it."""
    study = load_study(path)
    try:
        planned = survey(study)
        check_backbones(planned)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return study, planned


def known(study: Study, planned: Plan, results: Path, console: Console) -> tuple[dict[str, Record], dict[str, Record]]:
    """Return what is recorded of a plan in the study's own folder, and what is done in others and not here."""
    own = {i: r for i, r in store.read(results / study.study).items() if i in planned.runs}
    missing = {i: run.variant for i, run in planned.runs.items() if not (i in own and own[i].done)}
    return own, store.elsewhere(results, study.study, missing, lambda line: console.print(Text(line), soft_wrap=True))


def plan_line(planned: Plan, own: dict[str, Record], other: dict[str, Record]) -> str:
    done, failed, left = counts(planned, own | other)
    parts = [f"{done} recorded", f"{left} to run"]
    if failed:
        parts.append(f"{failed} failed before and to be tried again")
    if other:
        sources = sorted({record.reused_from for record in other.values()})
        parts.append(f"{len(other)} of the recorded reused from {', '.join(sources)}")
    v, c, s = len(planned.variants), len(planned.categories), len(planned.seeds)
    return f"{v} variants × {c} categories × {s} seeds: {len(planned.runs)} different runs, {'; '.join(parts)}"
