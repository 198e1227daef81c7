"""Differences in how the runs of a table were computed that are not part of a run's id.

The id of a run covers its settings, seed, images, version of weights and everything else that was chosen. Versions of
libraries, number of threads and kind of device depend on the machine and change numbers little: between one thread
and two, metrics differed by at most 0.015 points in our measurement. Such runs may be in one table if a note says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ura_study.results.names import counted
from ura_study.runs.record import Record

LIBRARIES = ("torch", "timm", "pillow")


def mixed(records: Iterable[Record]) -> str:
    """Return a sentence on versions, devices, threads and weights that differ between finished runs; "" if none do."""
    traced = [record.provenance for record in records if record.done and record.provenance]
    found = {name: Counter(_given(one, name) for one in traced) for name in (*LIBRARIES, "device", "threads")}
    backbones: dict[str, Counter[str]] = {}
    for record in records:
        if record.done and "weights" in record.provenance:
            name = str(record.settings["features"]["backbone"])
            backbones.setdefault(name, Counter())[record.provenance["weights"]] += 1
    found |= {f"weights of {name}": weights for name, weights in backbones.items()}
    parts = [f"{name} {_told(counts)}" for name, counts in found.items() if len(counts) > 1]
    return f"Not all runs were computed alike: {'; '.join(parts)}." if parts else ""


def _given(provenance: dict, name: str) -> str:
    place = provenance.get("versions", {}) if name in LIBRARIES else provenance
    return str(place.get(name, "unknown"))


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{value} ({counted(number, 'run')})" for value, number in sorted(counts.items()))
