"""`ura-study report`: the report of a study from its records alone, finished or not."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ura_study.report.page.document import FILE, write_report
from ura_study.results.folder import find
from ura_study.results.opening import open_recorded


def report(which: str, results: Path, output: Path | None, console: Console) -> int:
    """Write a study's report to `output`, or beside its records.

    Raises:
        ConfigError: where there is no such study.
        DataError: where what lies in its folder cannot be read.
    """
    with _uncollected():
        path = find(which, results) / FILE if output is None else output
        write_report(path, open_recorded(which, results, {}))
    console.print(Text(str(path)), soft_wrap=True)
    return 0


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: a large study is millions of objects, all in use, and each look takes its time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
