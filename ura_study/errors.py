"""Errors that the user can correct, as opposed to bugs.

The message is a single line: what was expected, what was found, and where (the file and the YAML key, or the image).
The command line prints it and exits with code 2; any other exception is a bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: Exit code of a command that the user ended.
STOPPED = 130


class UserError(Exception):
    """An invalid input or a missing resource; `str(error)` is the one-line message for the user."""


class ConfigError(UserError):
    """A key of a study file is unknown, missing or of the wrong kind."""


class DataError(UserError):
    """An image, a mask or a folder of the data set is not as it must be."""


class ResourceError(UserError):
    """The machine cannot give what is needed: disk space, write permission, a backbone's weights."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `"; did you mean 'x'?"` for the closest of `known`, or an empty string where none is close."""
    close = difflib.get_close_matches(name, [str(k) for k in known], n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""
