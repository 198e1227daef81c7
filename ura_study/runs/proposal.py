"""What a search hands out: a candidate, and what is left to do of it."""

from __future__ import annotations

from dataclasses import dataclass

from ura_study.runs.job import Job
from ura_study.runs.record import Record
from ura_study.study.plan import Plan


@dataclass(frozen=True)
class Proposal:
    """A candidate that is about to begin, or that goes on."""

    plan: Plan
    """Its runs alone."""
    found: tuple[Record, ...]
    """Records of those of them that are done already."""
    jobs: tuple[Job, ...]
    """Those that nobody does yet; none where all are recorded, or were enough to decide."""
