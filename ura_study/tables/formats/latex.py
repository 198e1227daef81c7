"""Tables as LaTeX with booktabs: best value bold, second best underlined, deviations small.

Any paper that loads `PACKAGES` can `\\input` them. Decimal points are aligned (see `latex_numbers`). A table wider than
its column is shrunk to fit, and one too long for a page is split into several tables.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Sequence

from ura_study.tables.formats.latex_numbers import set_column
from ura_study.tables.formats.latex_text import escaped
from ura_study.tables.names import MARKS
from ura_study.tables.sheet import Sheet, Shown

PACKAGES = r"\usepackage{booktabs,graphicx,amssymb}"
PREAMBLE = rf"""\documentclass{{article}}
{PACKAGES}
\setlength{{\belowcaptionskip}}{{6pt}}
\begin{{document}}
"""
BOTH_BEST = r"Best value bold, second best underlined."
#: Most lines of one table; longer ones are split, since a float cannot break over pages.
ROWS = 36
#: Width of a character after a number (deviation, interval) relative to one of the number, and least number of
#: characters of a heading's line.
SMALL, SHORTEST = 0.8, 6
BREAK = r"\\"
GAP = r"@{\hspace{16pt}}"
FIT = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"


def latex(sheet: Sheet, wide: bool = False) -> str:
    """Return a `table` environment for `\\input`, or several for a sheet of more than `ROWS` lines.

    Args:
        sheet: the table.
        wide: whether it spans both columns of a two-column paper, as `table*`.
    """
    return "\n".join(_float(part, "table*" if wide else "table") for part in _parts(sheet))


def width(sheet: Sheet) -> float:
    """Return an estimate of the unshrunk width of a sheet, in text widths of a page at 10 pt (345 pt)."""
    stubs = [[stub, *(line.labels[i] for line in sheet.lines)] for i, stub in enumerate(sheet.stubs)]
    letters = [max(map(len, column)) for column in stubs]
    letters += [
        max(_letters(cells), *map(len, _lines(heading, cells)))
        for (heading, _), cells in zip(sheet.headings, _across(sheet), strict=True)
    ]
    return sum(5 * count + 8 for count in letters) / 345


def included(tables: Sequence[str]) -> str:
    """Return the content of a file for `\\input`, with a comment that names the packages."""
    return "\n".join([f"% Needs {PACKAGES}", *tables])


def document(tables: Sequence[str]) -> str:
    """Return a complete LaTeX document with these tables."""
    return "\n".join([PREAMBLE, *tables, "\\end{document}\n"])


def _parts(sheet: Sheet) -> list[Sheet]:
    """Return a sheet in parts of at most `ROWS` lines; only the first has the notes, only the last reported rows."""
    starts = range(0, max(len(sheet.lines), 1), ROWS)
    if len(starts) == 1:
        return [sheet]
    return [
        dataclasses.replace(
            sheet,
            caption=f"{sheet.caption[:-1]}, part {n} of {len(starts)}{sheet.caption[-1]}",
            label=sheet.label if n == 1 else f"{sheet.label}-{n}",
            lines=sheet.lines[start : start + ROWS],
            reported=sheet.reported if n == len(starts) else (),
            notes=sheet.notes if n == 1 else (),
            ranked=sheet.ranked and n == 1,
        )
        for n, start in enumerate(starts, start=1)
    ]


def _float(sheet: Sheet, environment: str) -> str:
    caption = " ".join(escaped(part) for part in (sheet.caption, *sheet.notes))
    lines = _rows(sheet)
    literature = [lines.pop() for _ in sheet.reported][::-1]
    if sheet.rule is not None:
        lines.insert(sheet.rule, r"\midrule")
    rows = [_header(sheet), r"\midrule", *lines, *([r"\midrule", *literature] if literature else [])]
    return "\n".join(
        [
            f"\\begin{{{environment}}}[tp]",
            r"  \centering",
            f"  \\caption{{{f'{caption} {BOTH_BEST}' if sheet.ranked else caption}}}",
            f"  \\label{{{sheet.label}}}",
            r"  \setlength{\tabcolsep}{4pt}",
            f"  {FIT}",
            f"  \\begin{{tabular}}{{{_columns(sheet)}}}",
            *(f"    {row}" for row in (r"\toprule", *rows, r"\bottomrule")),
            r"  \end{tabular}}",
            f"\\end{{{environment}}}",
            "",
        ]
    )


def _columns(sheet: Sheet) -> str:
    stubs = "".join("c" if {line.labels[i] for line in sheet.lines} <= MARKS else "l" for i in range(len(sheet.stubs)))
    numbers = ["c"] * len(sheet.headings)
    if sheet.gap is not None:
        numbers.insert(sheet.gap, GAP)
    return "".join([stubs, *numbers])


def _header(sheet: Sheet) -> str:
    headings = (
        _cited(_stacked(text, cells), citation)
        for (text, citation), cells in zip(sheet.headings, _across(sheet), strict=True)
    )
    return _row([*map(escaped, sheet.stubs), *headings])


def _rows(sheet: Sheet) -> list[str]:
    """Return all lines as LaTeX, those of reported methods last."""
    lines = [*sheet.lines, *sheet.reported]
    numbers = zip(*map(set_column, _across(sheet)), strict=True) if sheet.headings else [()] * len(lines)
    return [
        _row([*(_cited(escaped(label), line.citation) for label in line.labels), *cells])
        for line, cells in zip(lines, numbers, strict=True)
    ]


def _row(texts: Sequence[str]) -> str:
    return f"{' & '.join(texts)} {BREAK}"


def _across(sheet: Sheet) -> list[list[Shown]]:
    """Return the cells of each column."""
    return [[line.cells[i] for line in (*sheet.lines, *sheet.reported)] for i in range(len(sheet.headings))]


def _letters(cells: Sequence[Shown]) -> int:
    """Return an estimate of the width of the longest cell of a column, in characters."""
    return max((len(cell.main) + round(SMALL * len(cell.tail)) for cell in cells), default=0)


def _lines(heading: str, cells: Sequence[Shown]) -> list[str]:
    """Return a heading wrapped to about the width of the longest cell of its column."""
    room = max(_letters(cells), SHORTEST)
    return textwrap.wrap(heading, room, break_long_words=False, break_on_hyphens=False)


def _stacked(heading: str, cells: Sequence[Shown]) -> str:
    lines = _lines(heading, cells)
    text = BREAK.join(map(escaped, lines))
    return f"\\begin{{tabular}}[b]{{@{{}}c@{{}}}}{text}\\end{{tabular}}" if len(lines) > 1 else text


def _cited(text: str, citation: str | None) -> str:
    return f"{text}~\\cite{{{citation}}}" if citation else text
