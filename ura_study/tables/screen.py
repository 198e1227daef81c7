"""The tables that a finished study prints in the terminal."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as RichTable

from ura_study.results.results import Results
from ura_study.study.config import Study
from ura_study.tables.comparison_table import brief, comparison
from ura_study.tables.formats.terminal import terminal
from ura_study.tables.metric_tables import per_category, summary
from ura_study.tables.model import Table
from ura_study.tables.sheet import sheet

if TYPE_CHECKING:
    from ura_study.results.leaderboard import Leaderboard

#: Most trials of a search that are shown.
SHOWN = 10


def show_tables(results: Results, console: Console) -> None:
    """Print a per-category table for each metric, and the comparison with the baseline in the first metric.

    If the window is too narrow for a per-category table, one table of the means replaces all of them. A study of one
    variant has no comparison.
    """
    drawn = [_drawn(results.study, per_category(results, metric)) for metric in results.metrics]
    if _too_wide(drawn, console):
        console.print("this window is too narrow for all categories: they are in per_category.md", style="dim")
        drawn = [_drawn(results.study, summary(results))]
    if len(results.plan.variants) > 1:
        drawn.append(_drawn(results.study, brief(comparison(results, results.metrics[0]))))
    for table in drawn:
        console.print(table)


def show_search(leaderboard: Leaderboard, console: Console) -> None:
    """Print the best trials of a search; without their metrics on test if the window is too narrow for them."""
    from ura_study.tables.search_table import search_table  # imports Optuna

    table = search_table(leaderboard)
    table = dataclasses.replace(table, rows=table.rows[:SHOWN])
    drawn = _drawn(leaderboard.study, table)
    if _too_wide([drawn], console):
        console.print("this window is too narrow for test figures: they are in search.md", style="dim")
        drawn = _drawn(leaderboard.study, table.only(leaderboard.objectives))
    console.print(drawn)


def _too_wide(drawn: Sequence[RichTable], console: Console) -> bool:
    unbound = console.options.update(max_width=sys.maxsize)
    return any(console.measure(table, options=unbound).maximum > console.width for table in drawn)


def _drawn(study: Study, table: Table) -> RichTable:
    return terminal(sheet(table, study.report, study.study))
