"""A search's leaderboard as text: the terminal and Markdown."""

from __future__ import annotations

import math
from collections import Counter

import pandas as pd
from rich.table import Table as RichTable
from rich.text import Text

from ura_study.metrics.names import METRICS, VALIDATION_METRICS
from ura_study.report.leaderboard import Agreement, Leaderboard

#: Trials that the terminal shows.
SHOWN = 10


def terminal(board: Leaderboard) -> list[RichTable | Text]:
    """Return the best trials and the notes."""
    table = RichTable(title=heading(board), title_justify="left")
    columns = columns_of(board)
    for column in columns:
        table.add_column(Text(short(column, columns)), justify="left" if column == "variant" else "right")
    for _, line in board.rows.head(SHOWN).iterrows():
        table.add_row(*(Text(text, "bold" if line["best"] else "") for text in _texts(line, columns)))
    return [table, *(Text(note) for note in notes(board))]


def markdown(board: Leaderboard) -> str:
    """Return all trials and the notes."""
    columns = columns_of(board)
    lines = [f"## {heading(board)}", "", _line([short(c, columns) for c in columns]), _line(["---"] * len(columns))]
    for _, line in board.rows.iterrows():
        texts = _texts(line, columns)
        lines.append(_line([f"**{text}**" if line["best"] and text else text for text in texts]))
    return "\n".join([*lines, "", *(f"- {note}" for note in notes(board)), ""])


def heading(board: Leaderboard) -> str:
    """Return what the table is, and on what its variants were chosen."""
    chosen = "ORACLE: chosen on test images" if board.oracle else "chosen on validation, test figures for information"
    return f"Search {board.study} ({chosen})"


def notes(board: Leaderboard) -> list[str]:
    """Return what a reader must know: the outcome of trials, the work it took, and whether to trust the choice."""
    states = Counter(board.rows["state"])
    counted = ", ".join(f"{states[state]} {state}" for state in sorted(states))
    return [
        f"{len(board.rows)} trials ({counted}); {board.runs} runs, for which {board.trained} detectors were trained",
        *map(_agreement, board.agreement),
        *(f"{line.variant} failed: {line.reason}" for line in board.rows.itertuples() if line.reason),
    ]


def _agreement(agreement: Agreement) -> str:
    if math.isnan(agreement.spearman):
        return f"{agreement.objective}: too few different values to say how well validation ranks variants"
    low, high = agreement.interval
    return (
        f"{agreement.objective} ranked {agreement.variants} variants like the same figure on test with Spearman's rho "
        f"{agreement.spearman:.2f} (95 % interval {low:.2f} to {high:.2f})"
    )


def columns_of(board: Leaderboard) -> list[str]:
    """Return the columns that are shown."""
    return ["variant", "state", *board.objectives, "runs", *board.parameters, *board.metrics]


def short(column: str, columns: list[str]) -> str:
    """Return the shortest end of a dotted key that no other column ends in."""
    ends = [column.split(".")[-length:] for length in range(1, column.count(".") + 2)]
    others = [other.split(".") for other in columns if other != column]
    return next((".".join(end) for end in ends if all(other[-len(end) :] != end for other in others)), column)


def _texts(line: pd.Series, columns: list[str]) -> list[str]:
    return [printed(line[column], column) for column in columns]


def printed(value: object, column: str) -> str:
    """Return a value of a column as text: metrics in percent."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if column in METRICS + VALIDATION_METRICS:
        return f"{100 * value:.1f}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _line(texts: list[str]) -> str:
    escaped = (text.replace("|", "\\|") for text in texts)
    return f"| {' | '.join(escaped)} |"
