"""Tables for the terminal."""

from __future__ import annotations

from rich.table import Table as RichTable
from rich.text import Text

from ura_study.tables.sheet import Sheet, Shown, cited


def terminal(sheet: Sheet) -> RichTable:
    """Return a rich table: best value of each column bold, failures red, reported rows below a line."""
    drawn = RichTable(title=Text(sheet.title, "table.title"), title_justify="left", caption_justify="left")
    drawn.caption = Text("\n".join(sheet.notes)) if sheet.notes else None
    for stub in sheet.stubs:
        drawn.add_column(Text(stub), no_wrap=True)
    for heading, _ in sheet.headings:
        drawn.add_column(Text(heading), justify="right", no_wrap=True)
    for line in sheet.lines:
        drawn.add_row(*map(Text, line.labels), *(Text(cell.text, _style(cell)) for cell in line.cells))
    if sheet.reported:
        drawn.add_section()
    for line in sheet.reported:
        drawn.add_row(Text(cited(line.labels[0], line.citation)), *(Text(cell.text, "dim") for cell in line.cells))
    return drawn


def _style(cell: Shown) -> str:
    if not cell.number:
        return "red" if cell.failed else "dim"
    return "bold" if cell.rank == 1 else ""
