"""`ura-study report`: the report of a study, finished or not, from its records alone."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ura_study.report.page.document import write_report
from ura_study.results.folder import REPORT, find
from ura_study.results.opening import open_recorded


def report(which: str, results: Path, output: Path | None, console: Console) -> int:
    """Write the report of a study to `output`, or with None beside its records; return 0.

    Raises:
        ConfigError: where there is no such study.
        DataError: where a file in its folder cannot be read.
        ResourceError: where the report cannot be written.
    """
    with _uncollected():
        path = find(which, results) / REPORT if output is None else output
        write_report(path, open_recorded(which, results, {}))
    console.print(Text(str(path)), soft_wrap=True)
    return 0


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Switch the garbage collector off: a large study has millions of objects, all in use, and each search is slow."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.freeze()  # else the next search would go through all that is left
            gc.enable()
