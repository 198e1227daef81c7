"""Who brings jobs while a study goes on, and who is told how they go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

from ura_study.runs.job import Job
from ura_study.runs.proposal import Proposal
from ura_study.runs.record import Record


class Listener(Protocol):
    """Somebody who is told how the runs go on."""

    def started(self, job: Job) -> None: ...

    def progressed(self, job: Job, intervals: list[dict[str, Any]]) -> None: ...

    def finished(self, job: Job, record: Record) -> None: ...

    def dropped(self, job: Job) -> None:
        """It was cut off, or had not even begun, when nobody wanted its record any more."""

    def proposed(self, proposal: Proposal) -> None:
        """A search is about to begin with a candidate."""


class Source(Protocol):
    """Where jobs come from while a study goes on: a search, which proposes by what came back."""

    def ask(self) -> Proposal | None:
        """Return the next candidate; None where there is none before something is told, or none at all."""

    def report(self, job: Job, intervals: list[dict[str, Any]]) -> Collection[str]:
        """Take in how the training of a job goes on; return the ids of runs that are not wanted any more."""

    def tell(self, record: Record) -> Collection[str]:
        """Take in a record that is stored; return the ids of runs that are not wanted any more."""


def next_jobs(source: Source, listeners: Iterable[Listener]) -> Sequence[Job]:
    """Ask for candidates until one has jobs to do; listeners are told of each. None where nothing is to be done now."""
    while (proposal := source.ask()) is not None:
        for listener in listeners:
            listener.proposed(proposal)
        if proposal.jobs:
            return proposal.jobs
    return ()
