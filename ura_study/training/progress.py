"""Work that yields its progress, for whom the result is enough."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


def result(work: Generator[object, None, T]) -> T:
    """Do all of the work, and return what it returns at its end."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value
