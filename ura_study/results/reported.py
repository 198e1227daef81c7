"""Numbers from the literature, for tables in which they are below the measured ones.

A YAML file with a list of rows under `rows:`, or a CSV file with the same keys as columns. Each row has the metrics of
one method on one category (or on `mean`, `textures`, `objects`; default `mean`), in percent, as papers print them:

    rows:
      - {method: PatchCore, cite: roth2022, image_auroc: 99.1, pixel_aupro: 93.4}
      - {method: PatchCore, cite: roth2022, category: carpet, image_auroc: 98.7}
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, create_model

from ura_study.errors import ConfigError
from ura_study.metrics.names import METRICS, METRICS_BY_NAME, UNCERTAINTY_METRICS
from ura_study.settings import List, Settings
from ura_study.study.config import validated
from ura_study.study.study_file import load_yaml

CitationKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:._+/,-]+$")]
Percent = Annotated[float, Field(ge=0, le=100)]


class _Method(Settings):
    method: Annotated[str, StringConstraints(min_length=1)]
    cite: CitationKey
    category: str = "mean"


def _form() -> tuple[type[Settings], tuple[str, ...]]:
    """Return the schema of a file, and its possible metrics: ranking metrics, and loaded metrics of plug-ins."""
    names = (*METRICS, *(name for name in METRICS_BY_NAME.loaded() if name not in METRICS + UNCERTAINTY_METRICS))
    metrics: dict[str, Any] = dict.fromkeys(names, (Percent | None, None))
    line = create_model("_Line", __base__=_Method, **metrics)
    return create_model("_File", __base__=Settings, rows=(List[line], ...)), names


@dataclass(frozen=True)
class Reported:
    """Numbers that a paper reports for one method on one category."""

    method: str
    citation: str
    category: str
    values: dict[str, float]
    """Metric → value as a fraction, 0..1."""


def read_reported(path: str) -> tuple[Reported, ...]:
    """Return the rows of a YAML or CSV file.

    Raises:
        ConfigError: naming the file and the key, where it is missing or not as described above, or where two rows have
            the same method and category.
    """
    form, names = _form()
    raw = {"rows": list(_csv_rows(Path(path), names))} if path.endswith(".csv") else load_yaml(Path(path))
    rows = tuple(_reported(line, names) for line in validated(form, raw, path).rows)
    seen = set()
    for number, row in enumerate(rows):
        if (key := (row.method, row.category)) in seen:
            raise ConfigError(f"{path}: rows.{number}: '{row.method}' on '{row.category}' stands twice")
        seen.add(key)
    return rows


def _reported(line: _Method, metrics: Iterable[str]) -> Reported:
    values = {metric: value / 100 for metric in metrics if (value := getattr(line, metric)) is not None}
    return Reported(line.method, line.cite, line.category, values)


def _csv_rows(path: Path, metrics: Collection[str]) -> Iterable[dict[str, object]]:
    """Yield the lines of a CSV file; empty fields are left out, and metrics are parsed as numbers.

    Raises:
        ConfigError: where the file is missing or cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for line in csv.DictReader(file, restkey="(beyond the header)"):
                yield {key: _number(text) if key in metrics else text for key, text in line.items() if text}
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error


def _number(text: Any) -> object:
    try:
        return float(text)
    except (TypeError, ValueError):
        return text
