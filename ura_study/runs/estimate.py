"""How long what is left of a study will take, from what earlier runs took."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ura_study.detectors.config import DETECTORS
from ura_study.runs.record import Record
from ura_study.study.plan import Run


def seconds_left(runs: Sequence[Run], records: Iterable[Record]) -> float | None:
    """Return the seconds of work that `runs` are; None where nothing like them is recorded.

    A run is expected to take what the median run of its image size, detector, backbone, map size and number of steps,
    or share of tokens in memory, took on its category, else on any, but for the features, which are there for all
    variants once one has made them.
    """
    known: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for record in records:
        if record.done and not record.fit_shared:
            kind = _kind(record.settings, record.data)
            seconds = record.seconds - record.timings.get("features_seconds", 0.0)
            known[kind].append(seconds)
            known[*kind, record.category].append(seconds)
    total = 0.0
    for run in runs:
        kind = _kind(run.settings.model_dump(mode="json"), run.data.identity())
        taken = known.get((*kind, run.category)) or known.get(kind)
        if taken is None:
            return None
        total += statistics.median(taken)
    return total


def _kind(settings: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what mostly decides how long a run takes."""
    features, model, training = settings["features"], settings["model"], settings["training"]
    own = (model.get(key) for key in DETECTORS.get(model["name"]).settings.effort)
    length = (training["steps"], training.get("epochs"), training["batch_size"], *own)
    return tuple(map(str, (data["image_size"], model["name"], features["backbone"], features["map_size"], *length)))
