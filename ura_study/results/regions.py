"""How resizing of masks for evaluation changed the number of defect regions."""

from __future__ import annotations

from collections.abc import Iterable

from ura_study.runs.record import Record


def reshaped(records: Iterable[Record]) -> str:
    """Return a sentence on categories whose resized masks have fewer or more regions than the originals; "" if none."""
    found = {
        record.category: (record.data["regions_judged"], record.data["regions"])
        for record in records
        if record.data.get("regions") != record.data.get("regions_judged")
    }
    parts = [f"{judged} of {drawn} in {category}" for category, (judged, drawn) in found.items()]
    if not parts:
        return ""
    return f"Regions of defects that are told apart at the size at which masks are judged: {', '.join(parts)}."
