"""What a finished study shows in the terminal."""

from __future__ import annotations

import sys

from rich.console import Console

from ura_study.report.comparison_table import brief, comparison
from ura_study.report.model import Table
from ura_study.report.results import Results
from ura_study.report.sheet import Sheet, sheet
from ura_study.report.tables import per_category, summary
from ura_study.report.terminal import terminal


def show_tables(results: Results, console: Console) -> None:
    """Print a table per metric, or where the window is too narrow the means, and how variants differ in the first."""
    drawn = [terminal(_sheet(results, per_category(results, metric))) for metric in results.metrics]
    unbound = console.options.update(max_width=sys.maxsize)
    if any(console.measure(table, options=unbound).maximum > console.width for table in drawn):
        console.print("this window is too narrow for all categories: they are in per_category.md", style="dim")
        drawn = [terminal(_sheet(results, summary(results)))]
    if len(results.plan.variants) > 1:
        first = brief(comparison(results, results.metrics[0]))
        drawn.append(terminal(_sheet(results, first)))
    for table in drawn:
        console.print(table)


def _sheet(results: Results, table: Table) -> Sheet:
    return sheet(table, results.study.report, results.study.study)
