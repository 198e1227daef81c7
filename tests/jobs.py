"""Small jobs for tests: everything a run does, in a second."""

from __future__ import annotations

from pathlib import Path

from ura_study.data.config import DataSettings
from ura_study.data.fingerprint import fingerprint
from ura_study.data.layouts.mvtec_ad import read
from ura_study.runs.job import Job
from ura_study.study.config import EvaluationSettings, VariantSettings

SETTINGS = {
    "features": {"map_size": 8},
    "model": {"restoration": {"prototypes": 16, "width": 16, "exclusion": 1}, "perception": {"width": 8}},
    "training": {"steps": 6, "reports": 3},
}


def small_job(root: Path, category: str = "nut", **changes: object) -> Job:
    """Return a job on one of the small categories; `settings` is merged into `SETTINGS` by section."""
    settings = SETTINGS | changes.pop("settings", {})
    fields = {
        "run_id": "0" * 16,
        "study": "small",
        "variant": "full",
        "category": category,
        "seed": 0,
        "data": DataSettings(layout="mvtec_ad", root=str(root), image_size=64),
        "fingerprint": changes.get("fingerprint") or fingerprint(read(root, category)),
        "settings": VariantSettings.model_validate(settings),
        "evaluation": EvaluationSettings(),
        "threads": 1,
    }
    return Job(**fields | changes)
