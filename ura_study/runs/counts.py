"""How far a plan is."""

from __future__ import annotations

from collections.abc import Mapping

from ura_study.plan import Plan
from ura_study.runs.record import Record


def counts(plan: Plan, records: Mapping[str, Record]) -> tuple[int, int, int]:
    """Return how many of a plan's runs are done, failed, and not yet recorded."""
    known = [records[run_id] for run_id in plan.runs if run_id in records]
    done = sum(record.done for record in known)
    return done, len(known) - done, len(plan.runs) - len(known)
