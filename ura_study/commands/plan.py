"""`ura-study plan`: the runs of a study that are missing, and an estimate of their time."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ura_study.cache import writing
from ura_study.opening import open_study
from ura_study.plugins import needed
from ura_study.runs import details
from ura_study.runs.counts import counts
from ura_study.runs.estimate import seconds_left
from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.runs.lock import StudyLock
from ura_study.runs.record import Record
from ura_study.study.config import Study
from ura_study.study.names import readable
from ura_study.study.plan import BASELINE, Plan, Run, left_out
from ura_study.tune.display import duration

#: Exit code if the run for measuring the time failed.
CALIBRATION_FAILED = 1


def plan(path: Path, results: Path, calibrate: bool, console: Console) -> int:
    """Show the variants and runs of a study, which are recorded, and an estimate of the time for the rest.

    Nothing is run, except one missing run with `calibrate`, whose record counts like any other. Return 1 if that run
    failed, else 0.
    """
    study, planned = open_study(path)
    ledger = Ledger(results.absolute() / study.study)
    missing = [run for run in planned.runs.values() if ledger.find(run) is None]
    calibrated = not (calibrate and missing) or _measured(study, missing[0], ledger, console).done
    if calibrate and calibrated:
        missing = missing[1:]
    console.print(_table(study, planned, ledger))
    console.print(Text(plan_line(planned, ledger)), soft_wrap=True)
    show_left_out(study, console)
    show_plugins(study, planned, console)
    left = _trials_left(study, results / study.study)
    missing += [planned.runs[i] for i in planned.ids[BASELINE]] * left
    if left:
        most = left * len(planned.ids[BASELINE])
        console.print(Text(f"search: {left} trials left, at most {most} runs; fewer with pruning"), soft_wrap=True)
    if missing:
        console.print(Text(_estimate(study, seconds_left(missing, ledger.known()))), soft_wrap=True)
    return 0 if calibrated else CALIBRATION_FAILED


def _trials_left(study: Study, folder: Path) -> int:
    """Return how many of the trials of a study's search are not finished or not yet proposed; 0 without a search."""
    if study.search is None:
        return 0
    from ura_study.search.storage import existing
    from ura_study.search.trials import finished

    optuna_study = existing(study.search.storage, folder, study.study)
    return max(0, study.search.trials - (len(finished(optuna_study)) if optuna_study is not None else 0))


def _table(study: Study, planned: Plan, ledger: Ledger) -> Table:
    table = Table(title=f"{study.study}: {len(planned.runs)} runs", title_justify="left")
    for heading in ("variant", "ablation", "changes", "runs", "recorded"):
        table.add_column(heading, justify="right" if heading in ("runs", "recorded") else "left")
    for variant in planned.variants:
        ids = planned.ids[variant.name]
        changes = ", ".join(f"{key}: {readable(value)}" for key, value in variant.changes.items())
        recorded = sum(ledger.find(planned.runs[run_id]) is not None for run_id in ids)
        table.add_row(*map(Text, (variant.name, variant.ablation or "", changes, str(len(ids)), str(recorded))))
    return table


def _estimate(study: Study, seconds: float | None) -> str:
    """Return the line on the time that missing runs take, from their total in seconds; None: unknown."""
    if seconds is None:
        return "time: unknown, since no run like these is recorded; --calibrate measures one"
    slots = max(1, (os.cpu_count() or 1) // study.resources.cpu)
    return f"time: {duration(seconds)} of work, {duration(seconds / slots)} on {slots} workers of this machine"


def show_left_out(study: Study, console: Console) -> None:
    """Print which combinations of values each ablation leaves out since they cannot be, and why."""
    lost: dict[tuple[str, str], list[str]] = {}
    for one in left_out(study):
        lost.setdefault((one.ablation, one.reason), []).append(one.name)
    for (ablation, reason), names in lost.items():
        console.print(Text(f"left out of ablations.{ablation}: {'; '.join(names)} ({reason})"), soft_wrap=True)


def show_plugins(study: Study, plan: Plan, console: Console) -> None:
    """Print the names of the plug-ins (modules and files) that a study imports, since they are code."""
    used = (needed(study.plugins_of(variant.settings)) for variant in plan.variants)
    if found := sorted({*study.plugins, *itertools.chain.from_iterable(used)}):
        console.print(Text(f"plug-ins, which are code: {', '.join(found)}"), soft_wrap=True)


def plan_line(plan: Plan, ledger: Ledger) -> str:
    """Return a line on the size of a plan and its recorded, failed and missing runs."""
    found = {run.run_id: record for run in plan.runs.values() if (record := ledger.find(run)) is not None}
    other = [record for run_id, record in found.items() if ledger.own(run_id) is None]
    done, failed, left = counts(plan, ledger.records | found)
    parts = [f"{done} recorded", f"{left} to run"]
    if failed:
        parts.append(f"{failed} failed before and to be tried again")
    if other:
        sources = sorted({str(record.reused_from) for record in other})
        parts.append(f"{len(other)} of the recorded reused from {', '.join(sources)}")
    if plan.unread:
        parts.append(f"files beside the images, not read: {plan.unread} (ura-study data check)")
    v, c, s = len(plan.variants), len(plan.categories), len(plan.seeds)
    return f"{v} variants × {c} categories × {s} seeds: {len(plan.runs)} different runs, {'; '.join(parts)}"


def _measured(study: Study, run: Run, ledger: Ledger, console: Console) -> Record:
    """Do one run in this process, record it, and return its record; a failure is printed."""
    from ura_study.runs.attempt import attempt

    with writing(ledger.folder):
        ledger.folder.mkdir(parents=True, exist_ok=True)
    with StudyLock(ledger.folder), console.status(f"calibrating: {run.variant} · {run.category} · seed {run.seed}"):
        *events, record = attempt(Job.of(study, run, pictures=run.seed in study.pictured_seeds))
        assert isinstance(record, Record)
        for found in events:
            if isinstance(found, details.Details):
                ledger.keep(record.run_id, details.packed(found))
        ledger.append(record)
    if record.failure is not None:
        console.print(Text(f"failed: {record.where}: {record.failure.message}", "red"), soft_wrap=True)
    return record
