"""`ura-study plan`: what a study would run, and how long that takes."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ura_study.cache import writing
from ura_study.commands.opening import known, open_study, plan_line, reused
from ura_study.config import Study
from ura_study.plan import BASELINE, Plan, Run, readable
from ura_study.runs import details, store
from ura_study.runs.estimate import seconds_left
from ura_study.runs.job import Job
from ura_study.runs.lock import alone
from ura_study.runs.record import Record
from ura_study.tune.display import duration


def plan(path: Path, results: Path, calibrate: bool, console: Console) -> int:
    """Show the variants and runs of a study, what is recorded of them, and how long the rest will take.

    Nothing is run, except with `calibrate` one missing run, whose record counts like any other.
    """
    study, planned, _ = open_study(path)
    own, library = known(study, planned, results, console)
    other = reused(study, planned, own, library)
    missing = [run for i, run in planned.runs.items() if not ((i in own and own[i].done) or i in other)]
    if calibrate and missing:
        record = _measured(study, missing[0], results.absolute() / study.study, console)
        own, missing = own | {record.run_id: record}, missing[1:] if record.done else missing
    console.print(_table(study, planned, own, other))
    console.print(Text(plan_line(planned, own, other)), soft_wrap=True)
    left = _trials_left(study, results / study.study)
    missing += [planned.runs[i] for i in planned.ids[BASELINE]] * left
    if left:
        most = left * len(planned.ids[BASELINE])
        console.print(Text(f"search: {left} trials left, at most {most} runs; fewer with pruning"), soft_wrap=True)
    alike = [r for r in (*own.values(), *library.values()) if r.data["image_size"] == study.data.image_size]
    for line in _estimate(study, missing, seconds_left(missing, alike)):
        console.print(Text(line), soft_wrap=True)
    return 0


def _trials_left(study: Study, folder: Path) -> int:
    """Return how many trials of a study's search are still to be told."""
    if study.search is None:
        return 0
    from ura_study.search.storage import existing
    from ura_study.search.trials import finished

    tried = existing(study.search.storage, folder, study.study)
    return max(0, study.search.trials - (len(finished(tried)) if tried is not None else 0))


def _table(study: Study, planned: Plan, own: dict[str, Record], other: dict[str, Record]) -> Table:
    table = Table(title=f"{study.study}: {len(planned.runs)} runs", title_justify="left")
    for heading in ("variant", "ablation", "changes", "runs", "recorded"):
        table.add_column(heading, justify="right" if heading in ("runs", "recorded") else "left")
    for variant in planned.variants:
        ids = planned.ids[variant.name]
        changes = ", ".join(f"{key}: {readable(value)}" for key, value in variant.changes.items())
        recorded = sum((run_id in own and own[run_id].done) or run_id in other for run_id in ids)
        table.add_row(*map(Text, (variant.name, variant.ablation or "", changes, str(len(ids)), str(recorded))))
    return table


def _estimate(study: Study, missing: list[Run], seconds: float | None) -> list[str]:
    """Say how long what is missing takes."""
    if not missing:
        return []
    if seconds is None:
        return ["time: unknown, since no run like these is recorded; --calibrate measures one"]
    slots = max(1, (os.cpu_count() or 1) // study.resources.cpu)
    return [
        f"time: {duration(seconds)} of work, {duration(seconds / slots)} on {slots} workers of this machine",
    ]


def _measured(study: Study, run: Run, folder: Path, console: Console) -> Record:
    """Do one run in this process and record it."""
    from ura_study.runs.attempt import attempt

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with alone(folder), console.status(f"calibrating: {run.variant} · {run.category} · seed {run.seed}"):
        *events, record = attempt(Job.of(study, run, pictures=run.seed in study.pictured_seeds))
        for found in events:
            if isinstance(found, details.Details):
                details.keep(folder, record.run_id, details.packed(found))
        store.append(folder, record)
    if record.failure is not None:
        console.print(Text(f"failed: {record.where}: {record.failure.message}", "red"), soft_wrap=True)
    return record
