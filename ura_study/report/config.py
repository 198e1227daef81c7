"""The `report` section of a study file."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from ura_study.metrics.names import METRICS, VALIDATION_METRICS
from ura_study.settings import List, Settings

#: Name of the variant that `base` describes.
BASELINE = "full"


class ReportSettings(Settings):
    """What the tables show."""

    metrics: List[Literal[METRICS + VALIDATION_METRICS]] = ("image_auroc", "pixel_auroc", "pixel_ap", "pixel_aupro")
    """The metrics of the tables, in their order; the records hold all of them, `val_*` only with `data.validation`."""
    baseline: str = BASELINE
    """The variant with which all others are compared."""

    @field_validator("metrics")
    @classmethod
    def _distinct(cls, metrics: tuple[str, ...]) -> tuple[str, ...]:
        if not metrics or len(set(metrics)) < len(metrics):
            raise ValueError(f"metrics must be distinct, at least one, but got {list(metrics)}")
        return metrics
