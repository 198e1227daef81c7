"""What figures of a search share: its objective, its parameters, and how trials of each state look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ura_study.report.drawing.positions import Positions, positions
from ura_study.report.drawing.style import BLUE, ORANGE, VERMILION
from ura_study.search.config import SearchSettings
from ura_study.search.trials import TrialSummary
from ura_study.study.names import short_names

#: Name → marker, face and edge of a trial's point.
MARKERS = {
    "complete": ("o", BLUE, BLUE),
    "beyond a limit": ("o", "white", BLUE),
    "pruned": ("^", "white", ORANGE),
    "best": ("*", VERMILION, VERMILION),
}


def marker_of(trial: TrialSummary) -> str:
    """Return which of `MARKERS` a trial with values has."""
    if trial.best:
        return "best"
    return trial.state if trial.feasible or trial.state == "pruned" else "beyond a limit"


def valued(found: Sequence[TrialSummary]) -> list[TrialSummary]:
    """Return the trials that have values: complete, or pruned with what was known."""
    return [trial for trial in found if trial.values is not None]


def values_of(found: Sequence[TrialSummary], objective: int) -> tuple[float, ...]:
    """Return the values of an objective of the trials that have any."""
    return tuple(trial.values[objective] for trial in found if trial.values is not None)


def ranked_keys(found: Sequence[TrialSummary], importance: Mapping[str, float] | None) -> dict[str, str]:
    """Return the keys that took at least two values → their short names, the most important first."""
    values: dict[str, set[str]] = {}
    for trial in found:
        for key, value in trial.params.items():
            values.setdefault(key, set()).add(repr(value))
    varied = [key for key, different in values.items() if len(different) > 1]
    return dict(sorted(short_names(varied).items(), key=lambda item: -(importance or {}).get(item[0], 0.0)))


def on_axis(found: Sequence[TrialSummary], key: str) -> Positions:
    """Return where the values of a key stand; those of a range on the scale on which they were drawn."""
    log = next((trial.logs[key] for trial in found if key in trial.logs), None)
    return positions([trial.params.get(key) for trial in found], log=log)


def chosen_on(search: SearchSettings) -> str:
    """Return the sentence about what the values were measured on."""
    if search.split == "test":
        return "Oracle: the values are of test images."
    return "Values are those by which the search chose."
