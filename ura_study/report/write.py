"""The files that a study leaves beside its records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ura_study.cache import writing
from ura_study.config import Study
from ura_study.plan import Plan
from ura_study.report.comparison import Comparison, compare
from ura_study.report.comparison_text import comparison_csv, comparison_markdown
from ura_study.report.frame import grid, tidy
from ura_study.report.render import csv, markdown
from ura_study.report.tables import Table, per_category
from ura_study.runs.record import Record
from ura_study.study_file import dump_yaml


def tables(study: Study, plan: Plan, records: Mapping[str, Record]) -> list[Table]:
    """Return the per-category table of each metric that the study reports."""
    return [per_category(plan, records, metric) for metric in study.report.metrics]


def comparisons(study: Study, plan: Plan, records: Mapping[str, Record]) -> list[tuple[Comparison, ...]]:
    """Return all variants against the baseline, for each metric that the study reports; empty with one variant."""
    metrics = study.report.metrics
    found = (compare(grid(plan, records, metrics), metric, study.report.baseline) for metric in metrics)
    return [compared for compared in found if compared]


def write_study(folder: Path, study: Study) -> None:
    """Write the study as resolved, every default included; `ura-study run` accepts this file too."""
    resolved = study.model_dump(mode="json", exclude_none=True)
    _replace(folder / "study.yaml", dump_yaml(resolved))


def write_results(folder: Path, study: Study, plan: Plan, records: Mapping[str, Record]) -> None:
    """Write `results.csv` (a row per run), and the per-category tables and comparisons as CSV and Markdown."""
    shown, compared = tables(study, plan, records), comparisons(study, plan, records)
    baseline, limit = study.report.baseline, study.evaluation.fpr_limit
    _replace(folder / "results.csv", tidy(plan, records).to_csv(index=False))
    _replace(folder / "per_category.csv", csv(shown).to_csv(index=False))
    texts = [markdown(table, limit) for table in shown]
    _replace(folder / "per_category.md", "\n".join([f"## {study.study}", "", *texts]))
    rows = [comparison for group in compared for comparison in group]
    _replace(folder / "comparison.csv", comparison_csv(rows).to_csv(index=False))
    texts = [comparison_markdown(group, baseline, limit) for group in compared]
    _replace(folder / "comparison.md", "\n".join([f"## {study.study}: variants against {baseline}", "", *texts]))


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
