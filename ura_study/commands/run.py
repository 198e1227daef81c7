"""`ura-study run`: do what is missing of a study, then write and show its tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from ura_study.cache import writing
from ura_study.commands.opening import known, open_study, plan_line, reused
from ura_study.commands.searching import Searching
from ura_study.config import Study
from ura_study.errors import ConfigError, ResourceError
from ura_study.plan import Plan
from ura_study.runs import details, store
from ura_study.runs.counts import counts
from ura_study.runs.job import Job
from ura_study.runs.lock import alone
from ura_study.study_file import load_yaml
from ura_study.tune.progress import Progress

if TYPE_CHECKING:
    from ura_study.runs.record import Record
    from ura_study.search.space.space import Space

#: Exit codes beside 0.
SOME_FAILED, STOPPED = 1, 130


def run(path: Path, results: Path, address: str | None, console: Console) -> int:
    """Do what is not yet recorded of a study, then write and show its tables."""
    study, planned, space = open_study(path)
    folder = results.absolute() / study.study
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # in /proc, say
        raise ResourceError(f"{folder}: no folder can be made there") from error
    with alone(folder):
        return _run(study, planned, space, folder, address, console)


def _run(study: Study, planned: Plan, space: Space | None, folder: Path, address: str | None, console: Console) -> int:
    from ura_study.results.folder import remember

    _check_same_data(folder, study)
    if odd := store.set_aside(folder):
        console.print(
            Text(f"{odd} lines of {folder / store.FILE} are no records: set aside in {store.ODD}"), soft_wrap=True
        )
    own, library = known(study, planned, folder.parent, console)
    other = reused(study, planned, own, library)
    done = {i: r for i, r in (own | other).items() if r.done}
    progress = Progress(planned, study.report.metrics[0], {i: r for i, r in done.items() if i in planned.runs})
    search = None if space is None else Searching(study, planned, space, folder, progress, done, library)
    remember(folder, study, planned)
    for record in other.values():
        details.adopt(folder.parent / record.reused_from, folder, record.run_id)
        store.append(folder, record)
    console.print(Text(plan_line(planned, own, other)), soft_wrap=True)
    missing = [run for run in planned.runs.values() if run.run_id not in progress.records]
    pending = [Job.of(study, run, pictures=run.seed in study.pictured_seeds) for run in missing]
    if search is not None and not pending:
        pending = list(search.session.more())
    completed = _execute(study, pending, progress, search, folder, address, console)
    return _finish(study, planned, progress, search, completed, folder, console)


def _finish(
    study: Study,
    planned: Plan,
    progress: Progress,
    search: Searching | None,
    completed: bool,
    folder: Path,
    console: Console,
) -> int:
    """Write and show what there is now; figures and report come last, so that a bug in them hides no result."""
    from ura_study.report.figures import gallery
    from ura_study.report.page.document import FILE, write_report
    from ura_study.report.write import write_figures, write_results
    from ura_study.results.results import Results
    from ura_study.tables.screen import show_tables

    records, runs = store.read(folder), list(planned.runs)
    results = Results(study, planned, records, folder)
    if search is not None:
        results = search.finish(results, console)
        runs += results.search.plan.runs
    write_results(folder, results)
    if completed:
        show_tables(results, console)
        failures = [records[i] for i in dict.fromkeys(runs) if i in records and not records[i].done]
        _show_failures(failures, console)
        console.print(Text(f"everything is in {folder}"), soft_wrap=True)
        code = SOME_FAILED if failures else 0
    else:
        closed = search.session.closed() if search is not None else ()
        done, failed, left = counts(progress.plan, records, closed)
        console.print(f"stopped: {done} done, {failed} failed, {left} left; the same command continues", soft_wrap=True)
        code = STOPPED
    drawn = gallery(results)
    write_figures(folder, drawn, study.report.figures)
    write_report(folder / FILE, results, drawn)
    console.print(Text(f"the report is {folder / FILE}"), soft_wrap=True)
    return code


def _check_same_data(folder: Path, study: Study) -> None:
    """Raise a `ConfigError` where the folder holds results of another data set under the same study name."""
    before = folder / "study.yaml"
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


def _execute(
    study: Study,
    pending: list[Job],
    progress: Progress,
    search: Searching | None,
    folder: Path,
    address: str | None,
    console: Console,
) -> bool:
    """Do what is pending, and bring the board up to date in any case: the study may have been edited."""
    from ura_study.tensorboard.writer import Board
    from ura_study.tune.display import Display
    from ura_study.tune.driver import run_jobs

    board = Board(folder, study, progress.plan, progress.records.get if search is None else search.record)
    source = None if search is None else search.session
    try:
        if search is not None:
            search.follow(board.extend)
        board.forget_others()
        if not pending:
            return True
        with Display(progress, console) as display:
            return run_jobs(pending, folder, study.resources, (display, board), address, source)
    finally:
        board.close()


def _show_failures(failures: Iterable[Record], console: Console) -> None:
    """Print which runs failed and why, those of a search's variants too; a traceback that is known only once."""
    shown = set()
    for record in failures:
        failure = record.failure
        console.print(Text(f"failed: {record.where}: {failure.kind}: {failure.message}", "red"), soft_wrap=True)
        if failure.traceback and failure.traceback not in shown:
            console.print(Text(failure.traceback, "dim"))
            shown.add(failure.traceback)
