"""How resizing of masks for evaluation changed the number of defect regions."""

from __future__ import annotations

from collections.abc import Iterable

from ura_study.runs.record import Record


def reshaped(records: Iterable[Record]) -> str:
    """Return a sentence on categories whose resized masks have fewer or more regions than the originals; "" if none.

    Masks that a corruption moved are left out: moving alone may take regions away or reflect them.
    """
    found: dict[str, dict[str, None]] = {}
    for record in records:
        judged, drawn = record.data.get("regions_judged"), record.data.get("regions")
        if judged != drawn and "corruption" not in record.data:
            found.setdefault(record.category, {})[f"{judged} of {drawn}"] = None
    parts = [f"{' or '.join(numbers)} in {category}" for category, numbers in found.items()]
    if not parts:
        return ""
    return f"Regions of defects that are told apart at the size at which masks are judged: {', '.join(parts)}."
