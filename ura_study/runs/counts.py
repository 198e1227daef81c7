"""How far a plan is."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ura_study.runs.record import Record
from ura_study.study.plan import Plan


def counts(plan: Plan, records: Mapping[str, Record], given_up: Collection[str] = ()) -> tuple[int, int, int]:
    """Return how many of a plan's runs are done, failed, and not yet recorded but wanted.

    Args:
        given_up: variants whose other runs will not be done, as those of pruned trials.
    """
    wanted = {run_id for (variant, _, _), run_id in plan.cells.items() if variant not in given_up}
    known = [records[run_id] for run_id in plan.runs if run_id in records]
    done = sum(record.done for record in known)
    return done, len(known) - done, len(wanted - records.keys())
