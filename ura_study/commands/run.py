"""`ura-study run`: do the missing runs of a study, then write and show its tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from ura_study.cache import writing
from ura_study.commands.plan import plan_line, show_left_out, show_plugins
from ura_study.errors import STOPPED, ConfigError, ResourceError
from ura_study.opening import open_study
from ura_study.results.folder import REPORT, STUDY, remember
from ura_study.results.unchanged import keep, unchanged
from ura_study.runs import store
from ura_study.runs.counts import counts
from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.runs.lock import StudyLock
from ura_study.study.config import Study
from ura_study.study.plan import Plan
from ura_study.study.study_file import load_yaml
from ura_study.tune.leaving import interrupted
from ura_study.tune.progress import Progress

if TYPE_CHECKING:
    from ura_study.results.results import Results
    from ura_study.runs.record import Record
    from ura_study.search.session import Session
    from ura_study.tensorboard.writer import TensorBoardWriter

#: Exit code where runs failed.
SOME_FAILED = 1


def run(path: Path, results: Path, address: str | None, wait: bool, console: Console) -> int:
    """Do the runs of a study that are not yet recorded, then write and show its tables.

    Return 0, 1 if runs failed, or 130 if the study was stopped. For `address` and `wait` see `tune.driver.run_jobs`.
    """
    with interrupted():
        return run_opened(*open_study(path), results, address, wait, console)


def run_opened(study: Study, plan: Plan, results: Path, address: str | None, wait: bool, console: Console) -> int:
    """Do what `run` does with a study and plan that are already read.

    Raises:
        ConfigError: where the folder holds a study of the same name on other data, or another search.
        ResourceError: where the folder cannot be written.
    """
    folder = results.absolute() / study.study
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # e.g. in /proc
        raise ResourceError(f"{folder}: no folder can be made there") from error
    with StudyLock(folder):
        _check_same_data(folder, study)
        if odd := store.set_aside(folder):
            line = f"{odd} lines of {folder / store.FILE} are no records: set aside in {store.ODD}"
            console.print(Text(line), soft_wrap=True)
        ledger = Ledger(folder)
        session = _session(study, plan, ledger)
        remember(folder, study, plan)
        console.print(Text(plan_line(plan, ledger)), soft_wrap=True)
        show_left_out(study, console)
        show_plugins(study, plan, console)
        if all(map(ledger.own, plan.runs)) and unchanged(folder, study, plan):
            _show(study, plan, ledger, console)
            return 0
        completed, left = _execute(study, plan, session, ledger, (address, wait), console)
        return _finish(study, plan, ledger, completed, left, console)


def _session(study: Study, plan: Plan, ledger: Ledger) -> Session | None:
    """Return the search of a study, started or continued; None if the study has no search."""
    if study.search is None:
        return None
    from ura_study.search.session import Session

    return Session.open(study, plan, ledger)


def _execute(
    study: Study,
    plan: Plan,
    session: Session | None,
    ledger: Ledger,
    cluster: tuple[str | None, bool],
    console: Console,
) -> tuple[bool, str]:
    """Do the missing runs, and update TensorBoard's files even if there are none, since the study may have been edited.

    Return whether all was completed (not stopped), and a text with the numbers of runs done, failed and left.
    """
    from ura_study.tensorboard.writer import TensorBoardWriter
    from ura_study.tune.display import Display
    from ura_study.tune.driver import run_jobs
    from ura_study.tune.source import next_jobs

    done = {run.run_id: record for run in plan.runs.values() if (record := ledger.adopt(run)) is not None}
    progress = Progress(plan, study.report.metrics[0], done, search=session)
    display, writer = Display(progress, console), TensorBoardWriter(ledger.folder, study, plan, ledger.own)
    try:
        if session is not None:
            _take_up(session, progress, writer, ledger)
        writer.forget_others()
        missing = [run for run in plan.runs.values() if run.run_id not in done]
        jobs: Sequence[Job] = [Job.of(study, run, pictures=run.seed in study.pictured_seeds) for run in missing]
        if session is not None and not jobs:
            jobs = next_jobs(session, (display, writer))
        completed = True
        if jobs:
            with display:
                completed = run_jobs(jobs, ledger, study.resources, (display, writer), *cluster, source=session)
        finished, failed, left = counts(progress.plan, ledger.records, () if session is None else session.closed())
        return completed, f"{finished} done, {failed} failed, {left} left"
    finally:
        writer.close()


def _take_up(session: Session, progress: Progress, writer: TensorBoardWriter, ledger: Ledger) -> None:
    """Add the variants that earlier sessions of a search have tried to the progress and to TensorBoard."""
    writer.extend(session.plan())
    decided = session.decided()
    progress.extend(decided)
    for run_id in decided.runs:
        if (record := ledger.own(run_id)) is not None:
            progress.found(record)


def _finish(study: Study, plan: Plan, ledger: Ledger, completed: bool, left: str, console: Console) -> int:
    """Write and show the results and return the exit code; figures and report come last: a bug there hides nothing."""
    from ura_study.report.figures import gallery
    from ura_study.report.page.document import write_report
    from ura_study.report.write import write_figures, write_results, write_search
    from ura_study.results.opening import with_search
    from ura_study.results.results import Results
    from ura_study.tables.screen import show_search, show_tables

    folder, runs = ledger.folder, list(plan.runs)
    results = with_search(Results(study, plan, ledger.records, folder))
    if results.search is not None and results.leaderboard is not None:
        write_search(folder, results)
        show_search(results.leaderboard, console)
        runs += results.search.plan.runs
    write_results(folder, results)
    if completed:
        show_tables(results, console)
        found = (ledger.records.get(run_id) for run_id in dict.fromkeys(runs))
        failures = [record for record in found if record is not None and not record.done]
        _show_failures(failures, console)
        console.print(Text(f"everything is in {folder}"), soft_wrap=True)
        code = SOME_FAILED if failures else 0
    else:  # a stopped study may have only seconds left: figures and report can be made later
        console.print(f"stopped: {left}; the same command continues", soft_wrap=True)
        console.print(Text(f"figures and report are as they were; ura-study report {folder} makes it"), soft_wrap=True)
        return STOPPED
    drawn = gallery(results)
    write_figures(folder, drawn, study.report.figures)
    write_report(folder / REPORT, results, drawn)
    keep(folder, study, plan)
    _show_report(results, console)
    return code


def _show(study: Study, plan: Plan, ledger: Ledger, console: Console) -> None:
    """Show the results of a study whose runs are all done and whose files are all up to date."""
    from ura_study.results.results import Results
    from ura_study.tables.screen import show_tables

    results = Results(study, plan, ledger.records, ledger.folder)
    show_tables(results, console)
    console.print(Text(f"everything is in {ledger.folder}"), soft_wrap=True)
    _show_report(results, console)


def _show_report(results: Results, console: Console) -> None:
    """Say where the report is, and what would complete it."""
    folder = results.folder
    assert folder is not None
    console.print(Text(f"the report is {folder / REPORT}"), soft_wrap=True)
    if not results.latencies:
        line = f"how long an image takes, with nothing else on the machine, is measured by: ura-study latency {folder}"
        console.print(Text(line), soft_wrap=True)


def _check_same_data(folder: Path, study: Study) -> None:
    """Raise a `ConfigError` where the folder holds results of another data set under the same study name."""
    before = folder / STUDY
    if not before.exists():
        return
    old, new = load_yaml(before).get("data") or {}, study.data
    if not isinstance(old, dict):
        raise ConfigError(f"{before}: data: expected keys and values, but got {old!r:.40}")
    if (old.get("layout"), old.get("root")) != (new.layout, new.root):
        raise ConfigError(
            f"{folder}: holds a study of the same name on other data ({old.get('layout')} {old.get('root') or ''}); "
            "give this one another name (study:) or another --results folder"
        )


def _show_failures(failures: Iterable[Record], console: Console) -> None:
    """Print which runs failed and why, including runs of a search's variants; each distinct traceback only once."""
    shown = set()
    for record in failures:
        failure = record.failure
        assert failure is not None
        line = f"failed: {record.where}{record.elsewhere}: {failure.kind}: {failure.message}"
        console.print(Text(line, "red"), soft_wrap=True)
        if failure.traceback and failure.traceback not in shown:
            console.print(Text(failure.traceback, "dim"))
            shown.add(failure.traceback)
