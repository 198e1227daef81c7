"""Tables as LaTeX for booktabs: best value bold, second best underlined, deviations small.

A number and what stands behind it (deviation, interval, mark of significance) are two columns of LaTeX, `r@{}l`: all
numbers of a column have the same digits behind the point, so points align without siunitx, whose columns could
neither be underlined nor hold "2 failed".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ura_study.report.sheet import Sheet, Shown

PREAMBLE = r"""\documentclass{article}
\usepackage{booktabs,amssymb}
\begin{document}
"""
#: Characters that are commands, ligatures or other glyphs in LaTeX, and signs that are set as mathematics.
SPECIAL = {
    **{letter: f"\\{letter}" for letter in "#$%&_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",  # behind \\ or \midrule it would begin an option
    "]": "{]}",
    "*": r"{$^{*}$}",
    **{
        "✓": r"$\checkmark$",
        "✗": r"$\times$",
        "Δ": r"$\Delta$",
        "±": r"$\pm$",
        "−": "$-$",
        "–": r"\textendash{}",
        "…": r"\dots{}",
    },
}
BOTH_BEST = r"Best value bold, second best underlined."


def latex(sheet: Sheet) -> str:
    """Return a `table` environment, for `\\input` where booktabs (and amssymb for check marks) is loaded."""
    wide = _wide(sheet)
    caption = " ".join(escaped(part) for part in (sheet.caption, *sheet.notes))
    caption = f"{caption} {BOTH_BEST}" if sheet.ranked else caption
    lines = [
        r"\begin{table}[t]",
        r"  \centering",
        f"  \\caption{{{caption}}}",
        f"  \\label{{{sheet.label}}}",
        f"  \\begin{{tabular}}{{{_columns(sheet, wide)}}}",
        r"    \toprule",
        f"    {_header(sheet, wide)} \\\\",
        r"    \midrule",
        *(f"    {_row([escaped(label) for label in line.labels], line.cells, wide)} \\\\" for line in sheet.lines),
        *([r"    \midrule"] if sheet.reported else []),
        *(f"    {_row([_method(line.labels[0], line.citation)], line.cells, wide)} \\\\" for line in sheet.reported),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join([*lines, ""])


def document(tables: Sequence[str]) -> str:
    """Return a document of its own with these tables."""
    return "\n".join([PREAMBLE, *tables, "\\end{document}\n"])


def escaped(text: str) -> str:
    """Return text as LaTeX prints it letter by letter, on one line; what cannot be printed becomes a question mark."""
    plain = "".join(SPECIAL.get(letter, letter if letter.isprintable() else "?") for letter in " ".join(text.split()))
    return re.sub("-(?=-)", "-{}", plain)


def _wide(sheet: Sheet) -> list[bool]:
    """Tell of each column whether something stands behind its numbers."""
    lines = [*sheet.lines, *sheet.reported]
    return [any(c.tail or c.significant for c in column) for column in zip(*(x.cells for x in lines), strict=True)]


def _columns(sheet: Sheet, wide: Sequence[bool]) -> str:
    return " ".join(["l" * len(sheet.stubs), *("r@{}l" if two else "r" for two in wide)])


def _header(sheet: Sheet, wide: Sequence[bool]) -> str:
    headings = (_across(_method(*heading), two) for heading, two in zip(sheet.headings, wide, strict=True))
    return " & ".join([*map(escaped, sheet.stubs), *headings])


def _row(labels: Sequence[str], cells: Sequence[Shown], wide: Sequence[bool]) -> str:
    return " & ".join([*labels, *(_cell(cell, two) for cell, two in zip(cells, wide, strict=True))])


def _cell(cell: Shown, two: bool) -> str:
    if not cell.number:
        return _across(escaped(cell.main), two)
    main = {0: "{}", 1: r"\textbf{{{}}}", 2: r"\underline{{{}}}"}[cell.rank].format(escaped(cell.main))
    if not two:
        return main
    tail = f"{{\\scriptsize\\,{escaped(cell.tail)}}}" if cell.tail else ""
    return f"{main} & {tail}{'$^{*}$' if cell.significant else ''}"


def _across(text: str, two: bool) -> str:
    return f"\\multicolumn{{2}}{{c}}{{{text}}}" if two else f"\\multicolumn{{1}}{{c}}{{{text}}}"


def _method(text: str, citation: str | None) -> str:
    return f"{escaped(text)}~\\cite{{{citation}}}" if citation else escaped(text)
