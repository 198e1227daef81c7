"""`ura-study plan`: what a study would run."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ura_study.commands.opening import known, open_study, plan_line, reused
from ura_study.plan import readable


def plan(path: Path, results: Path, console: Console) -> int:
    """Show the variants and runs of a study and what is recorded of them; run nothing."""
    study, planned, _ = open_study(path)
    own, library = known(study, planned, results, console)
    other = reused(study, planned, own, library)
    table = Table(title=f"{study.study}: {len(planned.runs)} runs", title_justify="left")
    for heading in ("variant", "ablation", "changes", "runs", "recorded"):
        table.add_column(heading, justify="right" if heading in ("runs", "recorded") else "left")
    for variant in planned.variants:
        ids = planned.ids[variant.name]
        changes = ", ".join(f"{key}: {readable(value)}" for key, value in variant.changes.items())
        recorded = sum((run_id in own and own[run_id].done) or run_id in other for run_id in ids)
        table.add_row(*map(Text, (variant.name, variant.ablation or "", changes, str(len(ids)), str(recorded))))
    console.print(table)
    console.print(Text(plan_line(planned, own, other)), soft_wrap=True)
    return 0
