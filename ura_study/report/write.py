"""The files that a study leaves beside its records."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from ura_study.config import Study
from ura_study.data.protocol import described
from ura_study.plan import Plan
from ura_study.report import reliability
from ura_study.report.folder import replace
from ura_study.report.frame import tidy
from ura_study.report.leaderboard import Leaderboard, leaderboard
from ura_study.report.render import csv, markdown
from ura_study.report.render_search import markdown as search_markdown
from ura_study.report.tables import Table, per_category
from ura_study.runs.record import Record
from ura_study.search.trials import Tried


def tables(study: Study, plan: Plan, records: Mapping[str, Record]) -> list[Table]:
    """Return the per-category table of each metric that the study reports, with its protocol where it is not usual."""
    shown, protocol = [per_category(plan, records, metric) for metric in study.report.metrics], described(study.data)
    return [dataclasses.replace(t, note="; ".join(filter(None, (protocol, t.note)))) for t in shown]


def write_results(folder: Path, study: Study, plan: Plan, records: Mapping[str, Record]) -> None:
    """Write `results.csv` (a row per run), the per-category tables as CSV and Markdown, and `reliability.svg`.

    The last, a reliability diagram, is there where probabilities were judged on held-out images.
    """
    shown = tables(study, plan, records)
    replace(folder / "results.csv", tidy(plan, records).to_csv(index=False))
    replace(folder / "per_category.csv", csv(shown).to_csv(index=False))
    texts = [markdown(table, study.evaluation.fpr_limit) for table in shown]
    replace(folder / "per_category.md", "\n".join([f"## {study.study}", "", *texts]))
    if found := reliability.curves(plan, records):
        replace(folder / "reliability.svg", reliability.draw(found).decode())


def write_search(
    folder: Path, study: Study, plan: Plan, found: Sequence[Tried], records: Mapping[str, Record]
) -> Leaderboard:
    """Write `search.csv` and `search.md` (a row per trial, best first) and `search_runs.csv` (a row per run)."""
    board = leaderboard(study, plan, found, records)
    replace(folder / "search.csv", board.rows.assign(split=study.search.split).to_csv(index=False))
    replace(folder / "search.md", search_markdown(board))
    replace(folder / "search_runs.csv", tidy(plan, records).to_csv(index=False))
    return board
