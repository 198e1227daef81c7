"""The files that a study leaves beside its records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ura_study.config import Study
from ura_study.plan import Plan
from ura_study.report.comparison_table import comparison
from ura_study.report.figures import Drawn, save
from ura_study.report.figures.gather import of_pictures, of_search, of_study
from ura_study.report.flat import flat
from ura_study.report.folder import replace
from ura_study.report.frame import tidy
from ura_study.report.leaderboard import Leaderboard, leaderboard
from ura_study.report.markdown import markdown
from ura_study.report.model import Table
from ura_study.report.render_search import markdown as search_markdown
from ura_study.report.results import Results
from ura_study.report.sheet import sheet
from ura_study.report.tables import per_category
from ura_study.runs.record import Record
from ura_study.search.trials import Tried


def write_results(folder: Path, results: Results) -> None:
    """Write `results.csv` (a row per run), per-category tables and comparisons as CSV and Markdown, and `figures/`."""
    replace(folder / "results.csv", tidy(results.plan, results.records).to_csv(index=False))
    _write(folder, results, "per_category", [per_category(results, metric) for metric in results.metrics])
    _write(folder, results, "comparison", [comparison(results, metric) for metric in results.metrics])
    _save(folder, "study", of_study(results))
    _save(folder, "pictures", of_pictures(results))


def write_search(
    folder: Path,
    study: Study,
    plan: Plan,
    found: Sequence[Tried],
    records: Mapping[str, Record],
    importance: Mapping[str, float] | None = None,
) -> Leaderboard:
    """Write `search.csv` and `search.md` (a row per trial, best first), `search_runs.csv` (a row per run), figures.

    Args:
        importance: how much each searched key mattered; None where that is not known.
    """
    board = leaderboard(study, plan, found, records)
    replace(folder / "search.csv", board.rows.assign(split=study.search.split).to_csv(index=False))
    replace(folder / "search.md", search_markdown(board))
    replace(folder / "search_runs.csv", tidy(plan, records).to_csv(index=False))
    _save(folder, "search", of_search(study, found, importance))
    return board


def _write(folder: Path, results: Results, name: str, tables: Sequence[Table]) -> None:
    replace(folder / f"{name}.csv", flat(tables).to_csv(index=False))
    texts = [markdown(sheet(table, results.study.report, results.study.study)) for table in tables]
    replace(folder / f"{name}.md", "\n".join([f"## {results.study.study}", "", *texts]))


def _save(folder: Path, about: str, drawn: Iterable[Drawn]) -> None:
    """Write figures as SVG and PDF into `figures/`, and their captions as `<about>.md` beside them."""
    captions = []
    for figure in drawn:
        save(folder / "figures", figure)
        captions.append(f"## {figure.name}\n\n{figure.caption}\n")
    if captions:
        replace(folder / "figures" / f"{about}.md", "\n".join(captions))
