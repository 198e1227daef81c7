"""OCT-2017, retinal scans (Kermany et al., Cell 2018), as anomaly detection uses them: image level, one category.

<root>/train/NORMAL/NORMAL-<patient>-<number>.jpeg          all that is trained on
<root>/test/{NORMAL,CNV,DME,DRUSEN}/<class>-<patient>-<number>.jpeg

The diseased training scans (train/CNV, …) and the folder val/ are not used. The patient's number is the group of a
scan, so that a validation split never divides a patient. There are no masks: pixel metrics are undefined.
"""

from __future__ import annotations

from ura_study.data.layouts.config import register_layout
from ura_study.data.layouts.places import Places, single

NAME = "oct2017"


def patient(stem: str) -> str | None:
    """Return the patient's number of a scan, the second part of its name; None where it is named otherwise."""
    parts = stem.split("-")
    return parts[1] if len(parts) == 3 and all(parts) else None


PLACES = Places("train/NORMAL", "test/NORMAL", "test/{defect}", group=patient, unused=("train", "val"))
LAYOUT = single(PLACES, NAME, wanted="train/NORMAL and test/{NORMAL,CNV,DME,DRUSEN}")
register_layout("oct2017", LAYOUT)
