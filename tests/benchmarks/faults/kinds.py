"""The kinds of faults: what strikes a study at a random moment, and what may come of it.

A kind is a function of a scene and a generator. It starts the study, waits for a moment, strikes, waits for the end of
the command, and puts right what a user would put right. The campaign then runs the same command to the end and judges.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

from scene import Scene

Strike = Callable[[Scene, random.Random], None]


class Skipped(Exception):
    """This machine cannot bring the fault about."""


@dataclass(frozen=True)
class Kind:
    name: str
    strike: Strike
    codes: Collection[int]
    """Exit codes with which the command that was struck may end. (It may always end well.)"""
    study: str
    """One of `studies.STUDIES`."""
    costs: int
    """How many records the fault itself destroys."""
    ends: int
    """The exit code in the end."""


KINDS: dict[str, Kind] = {}


def kind(
    name: str, codes: Collection[int] = (), *, study: str = "plain", costs: int = 0, ends: int = 0
) -> Callable[[Strike], Strike]:
    """Register a kind of fault."""

    def register(strike: Strike) -> Strike:
        KINDS[name] = Kind(name, strike, codes, study, costs, ends)
        return strike

    return register
