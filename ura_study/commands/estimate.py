"""How long what is left of a study will take, from what earlier runs took."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ura_study.plan import Run
from ura_study.runs.record import Record


def seconds_left(runs: Sequence[Run], records: Iterable[Record]) -> float | None:
    """Return the seconds of work that `runs` are; None where nothing like them is recorded.

    A run is expected to take what the median run of its detector and backbone took on its category, else on any, but
    for the features, which are there for all variants once one has made them.
    """
    known: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for record in records:
        if record.done and not record.fit_shared:
            kind = (record.settings["model"]["name"], record.settings["features"]["backbone"])
            seconds = record.seconds - record.timings.get("features_seconds", 0.0)
            known[kind].append(seconds)
            known[*kind, record.category].append(seconds)
    total = 0.0
    for run in runs:
        kind = (run.settings.model.name, run.settings.features.backbone)
        taken = known.get((*kind, run.category)) or known.get(kind)
        if taken is None:
            return None
        total += statistics.median(taken)
    return total
