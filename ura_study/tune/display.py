"""The live display of a study: a table redrawn in place on a terminal, modest log lines elsewhere."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ura_study.runs.job import Job
from ura_study.runs.proposal import Proposal
from ura_study.runs.record import Record
from ura_study.tune.progress import Progress, VariantProgress

#: Seconds between log lines where the output is no terminal.
LOG_INTERVAL = 10.0
#: How often a terminal is redrawn. Workers report once in a second, too.
PER_SECOND = 1


class Display:
    """Shows `progress` while it is entered, and keeps it up to date with what the queue tells."""

    def __init__(self, progress: Progress, console: Console) -> None:
        self._progress = progress
        self._console = console
        self._logged = time.monotonic()
        self._without_gpu: set[str] = set()
        self._live = Live(get_renderable=self.draw, console=console, refresh_per_second=PER_SECOND, transient=True)

    def __enter__(self) -> Display:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def started(self, job: Job) -> None:
        self._progress.start(job.run_id)

    def progressed(self, job: Job, intervals: list[dict[str, Any]]) -> None:
        if intervals:
            self._progress.advance(job.run_id, intervals[-1]["share"])
        self._log()

    def finished(self, job: Job, record: Record) -> None:
        self._progress.finish(record)
        if record.failure is not None:
            line = f"failed: {record.where}{record.elsewhere}: {record.failure.message}"
            self._console.print(Text(line, "red"), soft_wrap=True)
        elif job.gpu and record.provenance.get("device") == "cpu" and record.host not in self._without_gpu:
            self._without_gpu.add(record.host)
            missing = f"gpu {job.gpu:g} was asked for, but PyTorch finds none there: its runs use the processor"
            self._console.print(Text(f"{record.host}: {missing}", "yellow"), soft_wrap=True)
        for note in record.notes:
            self._console.print(Text(f"{record.where}{record.elsewhere}: {note}", "yellow"), soft_wrap=True)
        self._log(finished=True)

    def dropped(self, job: Job) -> None:
        self._progress.drop(job.run_id)

    def proposed(self, proposal: Proposal) -> None:
        self._progress.extend(proposal.plan)
        for record in proposal.found:
            self._progress.found(record)

    def draw(self) -> Group:
        """Return the progress bar and the table of variants: as many as fit, those that go on first."""
        lines = self._progress.lines()
        room = max(self._console.height - 5, 1)
        shown = sorted(lines, key=_urgency)[:room] if len(lines) > room else lines
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("variant")
        for heading in ("done", "running", "failed", self._progress.metric, "elapsed", "remaining"):
            table.add_column(heading, justify="right")
        for line in shown:
            table.add_row(*_row(line))
        more = [Text(f"… and {len(lines) - len(shown)} more variants", "dim")] if len(lines) > len(shown) else []
        search = [Text(self._progress.search.headline())] if self._progress.search is not None else []
        return Group(_bar(self._progress), *search, table, *more)

    def _log(self, finished: bool = False) -> None:
        """Print one line now and then, and one at the very end."""
        p = self._progress
        if self._console.is_terminal:
            return
        if time.monotonic() - self._logged >= LOG_INTERVAL or (finished and len(p.records) == p.total):
            self._logged = time.monotonic()
            search = f"; {p.search.headline()}" if p.search is not None else ""
            self._console.print(_summary(p) + search, soft_wrap=True, highlight=False)


def duration(seconds: float | None) -> str:
    """Return seconds as `1:02:03` or `02:03`; `–` where unknown."""
    return "–" if seconds is None else str(timedelta(seconds=round(seconds))).removeprefix("0:")


def _urgency(line: VariantProgress) -> int:
    """Return a variant's place where not all can be shown: what runs, then what waits, then what is finished."""
    return 0 if line.running else 1 if line.done + line.failed < line.total else 2


def _row(line: VariantProgress) -> tuple[str | Text, ...]:
    metric = "–" if line.metric is None else f"{100 * line.metric:.1f}"
    style = "green" if line.done == line.total else "bold" if line.running else ""
    return (
        Text(line.variant, style),
        f"{line.done}/{line.total}",
        str(line.running or "·"),
        Text(str(line.failed or "·"), "red" if line.failed else ""),
        metric,
        duration(line.elapsed),
        duration(0 if line.done + line.failed == line.total else line.remaining),
    )


def _bar(progress: Progress) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_row(ProgressBar(total=progress.total, completed=progress.completed, width=40), _summary(progress))
    return grid


def _summary(progress: Progress) -> str:
    trouble = f", {progress.failed} failed" if progress.failed else ""
    percent = 100 * progress.completed / progress.total
    remaining = progress.remaining()
    return (
        f"{len(progress.records)} of {progress.total} runs{trouble} ({percent:.0f} %), "
        f"{len(progress.fractions)} running, {duration(progress.elapsed())} elapsed"
    ) + (f", {duration(remaining)} remaining" if remaining is not None else "")
