"""Tables as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ura_study.tables.sheet import Sheet, Shown

#: What Markdown would read as markup: a backslash, a bar, an asterisk, a backtick, the start of an HTML tag.
MARKUP = re.compile(r"[\\|*`]|<(?=[A-Za-z/!])")


def markdown(sheet: Sheet) -> str:
    """Return a table below its title, with the best value of each column bold and reported methods in italics."""
    lines = [
        f"### {escaped(sheet.title)}",
        "",
        _row([*map(escaped, sheet.stubs), *(_cited(*heading) for heading in sheet.headings)]),
        _row([*["---"] * len(sheet.stubs), *["---:"] * len(sheet.headings)]),
        *(_row([*map(escaped, line.labels), *map(_cell, line.cells)]) for line in sheet.lines),
        *(_row([_cited(line.labels[0], line.citation), *map(_cell, line.cells)]) for line in sheet.reported),
        *([""] if sheet.notes else []),
        *(f"{escaped(note)}  " for note in sheet.notes),
    ]
    return "\n".join([*lines, ""])


def escaped(text: str) -> str:
    """Return Markdown that shows a text literally, on one line."""
    return MARKUP.sub(lambda match: f"\\{match[0]}", " ".join(text.split()))


def _cell(cell: Shown) -> str:
    text = escaped(cell.text)
    return f"**{text}**" if cell.rank == 1 else text


def _cited(text: str, citation: str | None) -> str:
    return f"*{escaped(text)}* {escaped(f'[{citation}]')}" if citation else escaped(text)


def _row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"
