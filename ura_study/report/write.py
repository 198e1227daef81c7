"""The files that are written beside the records of a study: tables and figures."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from ura_study.cache import replace
from ura_study.report.config import Kind
from ura_study.report.figures import Gallery, save
from ura_study.results.frame import tidy
from ura_study.results.results import Results
from ura_study.tables.comparison_table import comparison
from ura_study.tables.formats.flat import flat
from ura_study.tables.formats.markdown import escaped, markdown
from ura_study.tables.metric_tables import per_category
from ura_study.tables.model import Table
from ura_study.tables.on_test_set_table import on_test_set_tables
from ura_study.tables.search_table import search_frame, search_table
from ura_study.tables.sheet import sheet


def write_results(folder: Path, results: Results) -> None:
    """Write `results.csv` (a row per run), and per-category tables, comparisons and test sets as CSV and Markdown."""
    replace(folder / "results.csv", tidy(results.plan, results.records).to_csv(index=False))
    _write(folder, results, "per_category", [per_category(results, metric) for metric in results.metrics])
    _write(folder, results, "comparison", [comparison(results, metric) for metric in results.metrics])
    if tables := on_test_set_tables(results):
        _write(folder, results, "test_set", tables)


def write_search(folder: Path, results: Results) -> None:
    """Write `search.csv` and `search.md` (a row per trial, best first) and `search_runs.csv` (a row per run).

    A search must have begun.
    """
    leaderboard, search, study = results.leaderboard, results.search, results.study
    assert leaderboard is not None
    assert search is not None
    replace(folder / "search.csv", search_frame(leaderboard).to_csv(index=False))
    replace(folder / "search.md", markdown(sheet(search_table(leaderboard), study.report, study.study)))
    replace(folder / "search_runs.csv", tidy(search.plan, results.records).to_csv(index=False))


def write_figures(folder: Path, drawn: Gallery, formats: Sequence[Kind]) -> None:
    """Write figures into `figures/`, with their captions in `study.md`, `search.md` and `pictures.md`.

    The files of figures that the old captions list and that are no longer drawn are removed.
    """
    place = folder / "figures"
    for about, figures in (("study", drawn.study), ("search", drawn.search), ("pictures", drawn.pictures)):
        captions = place / f"{about}.md"
        now = set(itertools.product((figure.name for figure in figures), formats))
        for name, kind in set(itertools.product(_named(captions), get_args(Kind))) - now:
            (place / f"{name}.{kind}").unlink(missing_ok=True)
        for figure in figures:
            save(place, figure, formats)
        if figures and formats:
            replace(captions, "\n".join(f"## {figure.name}\n\n{escaped(figure.caption)}\n" for figure in figures))
        else:
            captions.unlink(missing_ok=True)


def _named(captions: Path) -> set[str]:
    """Return the names of the figures in a file of captions; none if there is no such file."""
    lines = captions.read_text(encoding="utf-8").splitlines() if captions.is_file() else []
    return {line.removeprefix("## ") for line in lines if line.startswith("## ")}


def _write(folder: Path, results: Results, name: str, tables: Sequence[Table]) -> None:
    replace(folder / f"{name}.csv", flat(tables).to_csv(index=False))
    texts = [markdown(sheet(table, results.study.report, results.study.study)) for table in tables]
    replace(folder / f"{name}.md", "\n".join([f"## {results.study.study}", "", *texts]))
