"""Standard output and standard error as a study needs them, which goes on for hours whether or not anybody listens.

A stream that cannot be written any more (its reader has left, its disk is full) takes what comes and drops it. A letter
that the encoding of a stream does not have becomes a replacement character.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TextIO


class Patient(io.FileIO):
    """An output of this process that never fails to be written."""

    def __init__(self, number: int) -> None:
        super().__init__(number, "w", closefd=False)
        self.lost: OSError | None = None
        """Why nothing is written any more."""

    def write(self, data: bytes) -> int | None:
        if self.lost is None:
            try:
                return super().write(data)
            except OSError as error:
                self.lost = error
                if self.fileno() != 2:
                    unread = error.errno == errno.EPIPE
                    what = "nobody reads the output any more" if unread else f"output: {error.strerror}"
                    notice(f"{what}; the command goes on without it")
        return memoryview(data).nbytes


def be_patient() -> None:
    """Make standard output and error patient, those that are closed included; streams of others stay as they are."""
    for number in (0, 1, 2):
        _occupy(number)
    sys.stdout, sys.stderr = _patient(sys.stdout, "replace"), _patient(sys.stderr, "backslashreplace")


def output_failed() -> bool:
    """Tell whether some of the output could not be written, for another reason than that its reader had enough."""
    sys.stdout.flush()
    lost = getattr(getattr(sys.stdout.buffer, "raw", sys.stdout.buffer), "lost", None)
    return lost is not None and lost.errno != errno.EPIPE


def notice(line: str) -> None:
    """Say something worth knowing, apart from the output, which may be a file."""
    print(f"ura-study: {line}", file=sys.stderr)


def _occupy(number: int) -> None:
    """Let a closed descriptor lead nowhere: else the next file that is opened would get its number, and its text."""
    try:
        os.fstat(number)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)
        os.set_inheritable(number, True)


def _patient(stream: TextIO | None, errors: str) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - no file, and open to the end
    try:
        number = stream.fileno()
    except (OSError, AttributeError):  # not the process's own
        return stream
    stream.flush()
    unbuffered = stream.write_through  # python -u
    return io.TextIOWrapper(
        Patient(number) if unbuffered else io.BufferedWriter(Patient(number)),
        encoding=stream.encoding,
        errors=errors,
        line_buffering=stream.line_buffering,
        write_through=unbuffered,
    )
