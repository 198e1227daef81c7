"""What the commands do: one function each, from paths to an exit code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ura_study.cache import writing
from ura_study.config import Study, load_study
from ura_study.errors import ConfigError, ResourceError
from ura_study.plan import Plan, Run, readable
from ura_study.runs import store
from ura_study.runs.job import Job
from ura_study.runs.record import Record
from ura_study.survey import check_backbones, survey
from ura_study.tune.progress import counts

#: Exit codes beside 0.
SOME_FAILED, STOPPED = 1, 130


def plan(path: Path, results: Path, console: Console) -> int:
    """Show the variants and runs of a study and what is recorded of them; run nothing."""
    study, planned = open_study(path)
    own, other = _known(study, planned, results, console)
    table = Table(title=f"{study.study}: {len(planned.runs)} runs", title_justify="left")
    for heading in ("variant", "ablation", "changes", "runs", "recorded"):
        table.add_column(heading, justify="right" if heading in ("runs", "recorded") else "left")
    for variant in planned.variants:
        ids = planned.ids[variant.name]
        changes = ", ".join(f"{key}: {readable(value)}" for key, value in variant.changes.items())
        recorded = sum((run_id in own and own[run_id].done) or run_id in other for run_id in ids)
        table.add_row(*map(Text, (variant.name, variant.ablation or "", changes, str(len(ids)), str(recorded))))
    console.print(table)
    console.print(Text(_plan_line(planned, own, other)), soft_wrap=True)
    return 0


def run(path: Path, results: Path, address: str | None, console: Console) -> int:
    """Do what is not yet recorded of a study, then write and show its tables."""
    study, planned = open_study(path)
    folder = results.absolute() / study.study
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        return _run(study, planned, folder, address, console)


def open_study(path: Path) -> tuple[Study, Plan]:
    """Return a study and its plan, everything checked that can be without running it."""
    study = load_study(path)
    try:
        planned = survey(study)
        check_backbones(planned)
        if study.report.reported:
            from ura_study.report.reported import read_reported

            read_reported(study.report.reported)  # says now what would else be said after all runs
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return study, planned


def _run(study: Study, planned: Plan, folder: Path, address: str | None, console: Console) -> int:
    from ura_study.report.write import resolved, write_results, write_study

    _check_same_data(folder, study)
    write_study(folder, resolved(study, planned))
    own, other = _known(study, planned, folder.parent, console)
    for record in other.values():
        store.append(folder, record)
    records = {run_id: record for run_id, record in (own | other).items() if record.done}
    pending = [_job(study, run) for run in planned.runs.values() if run.run_id not in records]
    console.print(Text(_plan_line(planned, own, other)), soft_wrap=True)
    completed = not pending or _execute(study, planned, pending, records, folder, address, console)
    records = store.read(folder)
    write_results(folder, study, planned, records)
    if not completed:
        done, failed, left = counts(planned, records)
        console.print(f"stopped: {done} done, {failed} failed, {left} left; the same command continues", soft_wrap=True)
        return STOPPED
    return _show(study, planned, records, folder, console)


def _check_same_data(folder: Path, study: Study) -> None:
    """Raise a `ConfigError` where the folder holds results of another data set under the same study name."""
    before = folder / "study.yaml"
    if not before.exists():
        return
    old, new = load_study(before).data, study.data
    if (old.layout, old.root) != (new.layout, new.root):
        raise ConfigError(
            f"{folder}: holds a study of the same name on other data ({old.layout} {old.root or ''}); "
            "give this one another name (study:) or another --results folder"
        )


def _execute(
    study: Study,
    planned: Plan,
    pending: list[Job],
    records: dict[str, Record],
    folder: Path,
    address: str | None,
    console: Console,
) -> bool:
    from ura_study.report.board import Board
    from ura_study.tune.display import Display
    from ura_study.tune.driver import run_jobs
    from ura_study.tune.progress import Progress

    board = Board(folder)
    progress = Progress(planned, study.report.metrics[0], dict(records))
    try:
        with Display(progress, console) as display:
            return run_jobs(pending, folder, study.resources, (display, board), address)
    finally:
        board.close()


def _show(study: Study, planned: Plan, records: dict[str, Record], folder: Path, console: Console) -> int:
    from ura_study.report.results import Results
    from ura_study.report.screen import show_tables

    show_tables(Results(study, planned, records), console)
    failures = [records[run_id] for run_id in planned.runs if not records[run_id].done]
    for record in failures:
        failure = record.failure
        console.print(Text(f"failed: {record.where}: {failure.kind}: {failure.message}", "red"), soft_wrap=True)
        if failure.traceback:
            console.print(Text(failure.traceback, "dim"))
    console.print(Text(f"everything is in {folder}"), soft_wrap=True)
    return SOME_FAILED if failures else 0


def _known(study: Study, planned: Plan, results: Path, console: Console) -> tuple[dict[str, Record], dict[str, Record]]:
    """Return what is recorded of a plan in the study's own folder, and what is done in others and not here."""
    own = {i: r for i, r in store.read(results / study.study).items() if i in planned.runs}
    missing = {i: run.variant for i, run in planned.runs.items() if not (i in own and own[i].done)}
    return own, store.elsewhere(results, study.study, missing, lambda line: console.print(Text(line), soft_wrap=True))


def _job(study: Study, run: Run) -> Job:
    return Job(
        run_id=run.run_id,
        study=study.study,
        variant=run.variant,
        category=run.category,
        seed=run.seed,
        data=study.data,
        fingerprint=run.fingerprint,
        settings=run.settings,
        evaluation=study.evaluation,
        threads=study.resources.cpu,
        gpu=study.resources.gpu,
    )


def _plan_line(planned: Plan, own: dict[str, Record], other: dict[str, Record]) -> str:
    done, failed, left = counts(planned, own | other)
    parts = [f"{done} recorded", f"{left} to run"]
    if failed:
        parts.append(f"{failed} failed before and to be tried again")
    if other:
        sources = sorted({record.reused_from for record in other.values()})
        parts.append(f"{len(other)} of the recorded reused from {', '.join(sources)}")
    v, c, s = len(planned.variants), len(planned.categories), len(planned.seeds)
    return f"{v} variants × {c} categories × {s} seeds: {len(planned.runs)} different runs, {'; '.join(parts)}"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a study's folder: one driver at a time."""
    lock = FileLock(folder / ".lock")
    try:
        with writing(folder):
            lock.acquire(timeout=0)
    except Timeout:
        raise ResourceError(f"{folder}: another `ura-study run` is at work on this study") from None
    try:
        yield
    finally:
        lock.release()
