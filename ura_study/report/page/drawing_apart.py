"""Figures in the form that the page contains; those of a large study are drawn while its tables are made.

Two processes draw them. They are forked, so that they have the results at once: to start Python, to import and to read
thousands of records would take longer than half of the drawing.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from multiprocessing.connection import Connection

from ura_study.errors import ResourceError
from ura_study.report.figures import Drawn, Gallery, gallery
from ura_study.report.figures.registry import Group, drawn_of
from ura_study.report.page.drawings import Drawing, drawing
from ura_study.results.results import Results

#: Fewest records of a large study. Below, little would be gained.
LARGE = 1_000
#: Start of the name of the figure of differences in the first metric where it stands beside the answers.
ANSWERS = "answers-"
#: The figures of variants and trials, and pictures of test images.
Both = tuple[list[Drawing], list[Drawing]]


@contextlib.contextmanager
def drawings(results: Results, drawn: Gallery | None = None) -> Iterator[Callable[[], Both]]:
    """Yield a function that returns all figures, and if need be waits for them; None in `drawn`: they are drawn here.

    The figure of differences in the first metric comes once more, under another name: ids in a page must differ.
    """
    large = drawn is None and len(results.records) >= LARGE
    if large and sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1:
        with _apart(results) as awaited:
            yield awaited
        return
    found = gallery(results) if drawn is None else drawn
    yield lambda: (_encoded(results, (*found.study, *found.search)), _encoded(results, found.pictures))


def _encoded(results: Results, figures: Iterable[Drawn]) -> list[Drawing]:
    found = []
    for figure in figures:
        found.append(drawing(figure))
        if figure.name == f"differences-{results.metrics[0]}":
            found.append(drawing(replace(figure, name=f"{ANSWERS}{figure.name}")))
    return found


@contextlib.contextmanager
def _apart(results: Results) -> Iterator[Callable[[], Both]]:
    """Draw in two processes, which end with the block. What they and the block say on the error output is said once."""
    lines: list[str] = []

    def received(connection: Connection) -> list[Drawing]:
        try:
            found, said = connection.recv()
        except EOFError as error:
            raise ResourceError("a process that drew figures has been ended, perhaps for lack of memory") from error
        lines.extend(said)
        if isinstance(found, Exception):
            raise found
        return found

    with contextlib.ExitStack() as processes, _collected(lines):
        pictures = _started(processes, results, "pictures")
        _ = results.comparisons  # which figures and tables need
        others = _started(processes, results, "study", "search")
        yield lambda: (received(others), received(pictures))


@contextlib.contextmanager
def _collected(lines: list[str]) -> Iterator[None]:
    """Keep what the block says on the error output, and at its end say each line once, with `lines`."""
    own = io.StringIO()
    try:
        with contextlib.redirect_stderr(own):
            yield
    finally:
        for line in dict.fromkeys([*own.getvalue().splitlines(), *lines]):
            print(line, file=sys.stderr)


def _started(processes: contextlib.ExitStack, results: Results, *groups: Group) -> Connection:
    """Start a process that draws groups of figures and is ended with `processes`; return where they arrive."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_send, args=(there, results, groups), daemon=True)
    process.start()
    processes.callback(process.terminate)
    there.close()  # so that waiting ends where the process has died
    return here


def _send(there: Connection, results: Results, groups: tuple[Group, ...]) -> None:
    """Send the figures of some groups, or the error that drawing them raised, and the lines that were said."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits is interrupted, and ends this one
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            found: list[Drawing] | Exception = _encoded(results, drawn_of(results, *groups))
        except Exception as error:  # noqa: BLE001 - raised where it arrives
            error.add_note("".join(traceback.format_exception(error)))  # tracebacks do not travel
            found = error
    there.send((found, said.getvalue().splitlines()))
