"""`ura-study run STUDY`, which tells when it came how far until the first training step: for overhead.py.

    python tests/benchmarks/first_step.py BEGAN STUDY RESULTS

BEGAN is the reading of the monotonic clock when this was started. Printed are the seconds since then, one a line, at
which each of `PARTS` was over.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PARTS = ("imports", "plan", "import of Ray", "start of Ray", "worker", "first step")


def main(began: float, study: str, results: str) -> None:
    from ura_study import cli
    from ura_study.commands import run
    from ura_study.tune import cluster

    open_study, start = run.open_study, cluster._start
    with tempfile.TemporaryDirectory() as folder:
        marks = Path(folder) / "marks"

        def mark() -> None:  # also called by the worker, in another process
            with marks.open("a") as lines:
                lines.write(f"{time.monotonic() - began}\n")

        def opened(path: Path) -> Any:
            mark()
            found = open_study(path)
            mark()
            return found

        def started(address: str | None) -> None:
            mark()
            start(address)
            mark()
            from ura_study.tune import worker

            worker.Worker = timed(worker.Worker, mark)

        run.open_study, cluster._start = opened, started
        sys.argv[1:] = ["run", study, "--results", results]
        with Path(os.devnull).open("w") as screen, contextlib.redirect_stdout(screen), contextlib.suppress(SystemExit):
            cli.main()
        print(marks.read_text())


def timed(real: type, mark: Callable[[], None]) -> type:
    """Return a worker that marks when it is there and when it has done the first step. (It travels whole.)"""

    class Timed(real):  # type: ignore[misc]
        def setup(self, config: dict[str, Any]) -> None:
            mark()
            super().setup(config)
            self._events = self._marked(self._events)

        def _marked(self, events: Iterator[Any]) -> Iterator[Any]:
            yield next(events)
            mark()
            yield from events

    return Timed


if __name__ == "__main__":
    main(float(sys.argv[1]), *sys.argv[2:])
