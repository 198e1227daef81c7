"""The `report` section of a study file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from ura_study.metrics.names import known_metric
from ura_study.settings import List, Settings

#: Formats of figures.
Kind = Literal["svg", "pdf", "png"]
#: Name of the variant that `base` describes.
BASELINE = "full"


class ReportSettings(Settings):
    """What the tables show."""

    metrics: List[str] = ("image_auroc", "pixel_auroc", "pixel_ap", "pixel_aupro")
    """The metrics of the tables, in their order; the records hold all of them, `val_*` only with `data.validation`."""
    baseline: str = BASELINE
    """The variant with which all others are compared."""
    rope: float = Field(0.5, gt=0, le=100)
    """The largest difference from the baseline, in points, that does not matter in practice: the half width of the
    region of practical equivalence (rope). Set it before the results are known."""
    unit: Literal["percent", "fraction"] = "percent"
    """How metrics are shown; files with raw numbers (CSV, …) always hold fractions."""
    digits: int | None = Field(None, ge=0, le=6)
    """Decimal places of metrics; default: 1 for percent, 3 for fractions."""
    caption: str | None = Field(None, min_length=1)
    """Caption of exported tables, as plain text; default: what the table shows."""
    label: str | None = Field(None, pattern=r"^[A-Za-z0-9:._-]+$")
    """LaTeX label of exported tables; default: tab:<study>-<table>."""
    figures: List[Kind] = ("svg", "pdf")
    """The formats of the files in `figures/`; an empty list: no files. The report always contains its figures."""
    reported: str | None = Field(None, min_length=1)
    """A YAML or CSV file with numbers from the literature (see `results/reported.py`), relative to the study file."""
    pictures: int = Field(1, ge=0)
    """Number of seeds, from the first, whose runs in the plan keep pictures of some test images; 0: no pictures."""

    @field_validator("metrics")
    @classmethod
    def _distinct(cls, metrics: tuple[str, ...]) -> tuple[str, ...]:
        if not metrics or len(set(metrics)) < len(metrics):
            raise ValueError(f"metrics must be distinct, at least one, but got {list(metrics)}")
        return tuple(known_metric(name) for name in metrics)
