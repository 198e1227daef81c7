"""The files that a study leaves beside its records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ura_study.cache import writing
from ura_study.config import Study
from ura_study.plan import Plan
from ura_study.report.comparison_table import comparison
from ura_study.report.flat import flat
from ura_study.report.frame import tidy
from ura_study.report.markdown import markdown
from ura_study.report.model import Table
from ura_study.report.results import Results
from ura_study.report.sheet import sheet
from ura_study.report.tables import per_category
from ura_study.runs.record import Record
from ura_study.study_file import dump_yaml

#: The study as resolved.
STUDY_FILE = "study.yaml"


def resolved(study: Study, plan: Plan) -> Study:
    """Return the study with the categories that were found: its tables can be made where the images are not."""
    data = study.data.model_copy(update={"categories": plan.categories})
    return study.model_copy(update={"data": data})


def write_study(folder: Path, study: Study) -> None:
    """Write the study as it is, every default included; `ura-study run` accepts this file too."""
    replace(folder / STUDY_FILE, dump_yaml(study.model_dump(mode="json", exclude_none=True)).encode())


def write_results(folder: Path, study: Study, plan: Plan, records: Mapping[str, Record]) -> None:
    """Write `results.csv` (a row per run), and the per-category tables and comparisons as CSV and Markdown."""
    results = Results(study, plan, records)
    replace(folder / "results.csv", tidy(plan, records).to_csv(index=False).encode())
    _write(folder, results, "per_category", [per_category(results, metric) for metric in results.metrics])
    _write(folder, results, "comparison", [comparison(results, metric) for metric in results.metrics])


def replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        ResourceError: where the disk is full or the file cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_bytes(content)
        temporary.replace(path)


def _write(folder: Path, results: Results, name: str, tables: Iterable[Table]) -> None:
    tables = list(tables)
    replace(folder / f"{name}.csv", flat(tables).to_csv(index=False).encode())
    settings, study = results.study.report, results.study.study
    texts = [markdown(sheet(table, settings, study)) for table in tables]
    replace(folder / f"{name}.md", "\n".join([f"## {study}", "", *texts]).encode())
