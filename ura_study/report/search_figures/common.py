"""Shared by the figures of a search: values of objectives, parameters, and the markers of trials by state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ura_study.report.drawing.positions import Positions, positions
from ura_study.report.drawing.style import BLUE, ORANGE, VERMILION
from ura_study.search.config import SearchSettings
from ura_study.study.names import short_names

if TYPE_CHECKING:
    from ura_study.search.trials import TrialSummary

#: Name → marker shape, face colour and edge colour of a trial's point.
MARKERS = {
    "complete": ("o", BLUE, BLUE),
    "beyond a limit": ("o", "white", BLUE),
    "pruned": ("^", "white", ORANGE),
    "best": ("*", VERMILION, VERMILION),
}


def marker_of(trial: TrialSummary) -> str:
    """Return the key in `MARKERS` of a trial that has values."""
    if trial.best:
        return "best"
    return trial.state if trial.feasible or trial.state == "pruned" else "beyond a limit"


def valued(found: Sequence[TrialSummary]) -> list[TrialSummary]:
    """Return the trials that have values: complete ones, and pruned ones with the values known when they stopped."""
    return [trial for trial in found if trial.values is not None]


def values_of(found: Sequence[TrialSummary], objective: int) -> tuple[float, ...]:
    """Return the values of one objective (by index) of the trials that have values."""
    return tuple(trial.values[objective] for trial in found if trial.values is not None)


def ranked_keys(found: Sequence[TrialSummary], importance: Mapping[str, float] | None) -> dict[str, str]:
    """Return key → short name of the keys that took at least two values, the most important first."""
    values: dict[str, set[str]] = {}
    for trial in found:
        for key, value in trial.params.items():
            values.setdefault(key, set()).add(repr(value))
    varied = [key for key, different in values.items() if len(different) > 1]
    return dict(sorted(short_names(varied).items(), key=lambda item: -(importance or {}).get(item[0], 0.0)))


def on_axis(found: Sequence[TrialSummary], key: str) -> Positions:
    """Return the positions of the values of a key; a range is on the scale (linear, log) on which it was sampled."""
    log = next((trial.logs[key] for trial in found if key in trial.logs), None)
    return positions([trial.params.get(key) for trial in found], log=log)


def chosen_on(search: SearchSettings) -> str:
    """Return what is to be said on the images that the values were measured on, and on the choice by them."""
    oracle = "Oracle: the values are of test images."
    if scale := search.objective[0].scale_label:
        chosen = f"Values are plain; the star is the best by {scale}, which need not have the best value."
        return f"{oracle} {chosen}" if search.split == "test" else chosen
    return oracle if search.split == "test" else "Values are those by which the search chose."
