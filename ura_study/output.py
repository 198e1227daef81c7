"""Output whose errors never end a study: a closed pipe, or a character that cannot be shown.

A pipe whose reader has gone (`ura-study run … | head -1`), a closed stream and a full device must not end hours of
work. Output that cannot be written is dropped, and the error is kept, so that the program can report it at its end. A
terminal that has fewer characters (`PYTHONIOENCODING=ascii`) gets `?` for the others.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO


class Output:
    """A text stream that raises no error where it cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.error: OSError | None = None
        """What first went wrong; since then nothing is written."""

    def write(self, text: str) -> int:
        if self.error is None:
            with self._heeding():
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        if self.error is None:
            with self._heeding():
                self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _heeding(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.error = error
            with contextlib.suppress(OSError):  # the rest of the buffer must not fail again when Python exits
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)


@contextlib.contextmanager
def tolerant() -> Iterator[tuple[Output, Output]]:
    """Make standard output and error output tolerant in the block, and yield both, which keep their errors."""
    before = sys.stdout, sys.stderr
    outputs = Output(_open(sys.stdout)), Output(_open(sys.stderr))
    sys.stdout, sys.stderr = outputs
    try:
        yield outputs
    finally:
        for output in outputs:
            output.flush()
        sys.stdout, sys.stderr = before


def _open(stream: TextIO | None) -> TextIO:
    """Return a stream whose errors of encoding are replaced; one that was closed at the start leads nowhere."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    return stream


def notice(line: str) -> None:
    """Say something worth knowing on the error output: the output itself may be a file."""
    print(f"ura-study: {line}", file=sys.stderr)
