"""`ura-study status`: the progress of studies, read from their files; they may be running in another process."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ura_study.errors import ConfigError, UserError
from ura_study.metrics.names import better
from ura_study.output import notice
from ura_study.results.aggregate import variant_mean
from ura_study.results.folder import STUDY, find, reopen
from ura_study.results.searched import search_of
from ura_study.runs import store
from ura_study.runs.counts import counts
from ura_study.runs.lock import StudyLock
from ura_study.runs.record import Record
from ura_study.study.config import Study
from ura_study.study.plan import Plan, joined
from ura_study.tables.sheet import number
from ura_study.tune.display import duration

if TYPE_CHECKING:
    from ura_study.search.trials import TrialSummary

#: Exit code if a study cannot be read.
UNREADABLE = 2
#: Number of best variants that are shown.
SHOWN = 5
#: Most failed runs that are named for each reason.
NAMED = 3
#: Number of latest records from which the speed of a running study is computed.
LATEST = 50


def status(which: str | None, results: Path, console: Console) -> int:
    """Show counts, the best variants, failures and the time left of one study, or with None a line for each study.

    Return 0, or 2 if some of all studies cannot be read: an error is printed for these, and the others are shown.

    Raises:
        ConfigError: where there is no such study, or no study at all.
    """
    if which is not None:
        _show(find(which, results), console)
        return 0
    folders = sorted(path.parent for path in results.glob(f"*/{STUDY}"))
    if not folders:
        raise ConfigError(f"{results}: holds no results of a study")
    code = 0
    for folder in folders:
        try:
            study, plan, _, given_up = _opened(folder)
            line = _line(study, plan, store.read(folder), folder, given_up)
        except UserError as error:
            notice(str(error))
            code = UNREADABLE
        else:
            console.print(Text(line), soft_wrap=True)
    return code


def _show(folder: Path, console: Console) -> None:
    study, plan, found, given_up = _opened(folder)
    records = store.read(folder)
    console.print(Text(_line(study, plan, records, folder, given_up)), soft_wrap=True)
    if study.search is not None:
        from ura_study.search.trials import headline

        console.print(Text(headline(found, study.search)), soft_wrap=True)
    console.print(_best(study, plan, records))
    for line in _failures([records[i] for i in plan.runs if i in records and not records[i].done]):
        console.print(Text(line), soft_wrap=True)


def _opened(folder: Path) -> tuple[Study, Plan, list[TrialSummary], frozenset[str]]:
    """Return a study, its plan with the variants of its trials, the trials, and the variants that need no more runs."""
    study, plan = reopen(folder)
    if (found := search_of(study, plan, folder)) is None:
        return study, plan, [], frozenset()
    from ura_study.search.trials import given_up, trials

    told = trials(found[1])
    return study, joined(plan, found[0]), told, given_up(told, plan)


def _line(study: Study, plan: Plan, records: Mapping[str, Record], folder: Path, given_up: frozenset[str]) -> str:
    done, failed, left = counts(plan, records, given_up)
    parts = [f"{study.study}: {done} of {done + failed + left} runs done", f"{failed} failed", f"{left} left"]
    if (lock := StudyLock(folder)).held:
        parts.append(f"at work: {lock.holder}")
        if left and (speed := _speed(records)) is not None:
            parts.append(f"about {duration(left / speed)} to go")
    return ", ".join(parts)


def _failures(failed: Sequence[Record]) -> list[str]:
    """Return a line for each reason of failure, with the first runs that failed for it."""
    by_reason: dict[str, list[str]] = {}
    for record in failed:
        assert record.failure is not None
        by_reason.setdefault(f"{record.failure.kind}: {record.failure.message}", []).append(
            f"{record.where}{record.elsewhere}"
        )
    return [f"{len(runs)} failed: {_first(runs)}: {reason}" for reason, runs in by_reason.items()]


def _first(runs: Sequence[str]) -> str:
    more = [f"and {len(runs) - NAMED} more"] if len(runs) > NAMED else []
    return "; ".join([*runs[:NAMED], *more])


def _speed(records: Mapping[str, Record]) -> float | None:
    """Return the recent speed in runs per second; None for fewer than two records."""
    times = sorted(datetime.fromisoformat(record.finished).timestamp() for record in records.values())[-LATEST:]
    if len(times) < 2:
        return None
    now = datetime.fromtimestamp(time.time(), UTC).timestamp()
    return (len(times) - 1) / max(now - times[0], 1e-9)


def _best(study: Study, plan: Plan, records: Mapping[str, Record]) -> Table:
    """Return a table of the variants with the best means of the study's first metric, complete variants first.

    Where neither a large nor a small value of it is better, they stand in the order of the study.
    """
    metrics = study.report.metrics
    way = better(metrics[0])
    table = Table(title=f"best by {metrics[0]} (mean over the runs done)", title_justify="left")
    for heading in ("variant", "done", *metrics):
        table.add_column(heading, justify="left" if heading == "variant" else "right")
    rows = []
    for variant in plan.variants:
        done = [records[i] for i in plan.ids[variant.name] if i in records and records[i].done]
        if done:
            total = len(plan.ids[variant.name])
            means = [variant_mean(done, metric) for metric in metrics]
            worth = math.inf if means[0] is None else -way * means[0]
            rows.append((len(done) < total, worth, variant.name, f"{len(done)}/{total}", means))
    for *_, name, count, means in sorted(rows, key=lambda row: row[:2])[:SHOWN]:
        shown = ("–" if mean is None else number(mean, "share", study.report) for mean in means)
        table.add_row(Text(name), count, *shown)
    return table
