"""The cells of one column as LaTeX: numbers aligned at their decimal points, in a centred column (`c`).

A number with fewer characters before or after the point than the longest number is padded with `\\phantom`. So the
source is readable and needs no siunitx, whose columns allow neither underlining nor texts such as "2 failed".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ura_study.tables.formats.latex_text import escaped
from ura_study.tables.sheet import Shown

NUMBER = re.compile(r"([+−<]?)([\d,]+)((?:\.\d+)?(?:e[+−]\d+)?)")
MARKS = {0: "{}", 1: r"\textbf{{{}}}", 2: r"\underline{{{}}}"}


@dataclass(frozen=True)
class Longest:
    """The longest pieces of the numbers in a column, to which all its cells are padded."""

    sign: str = ""
    whole: str = ""
    fraction: str = ""
    tail: str = ""


def set_column(cells: Sequence[Shown]) -> list[str]:
    """Return the cells of a column as LaTeX; cells without a number are plain text."""
    numbers = [cell for cell in cells if cell.number]
    pieces = zip(*((*_pieces(cell.main), cell.tail) for cell in numbers), strict=True)
    longest = Longest(*(max(piece, key=len) for piece in pieces))
    return [_set(cell, longest) if cell.number else escaped(cell.main) for cell in cells]


def _set(cell: Shown, longest: Longest) -> str:
    sign, whole, fraction = _pieces(cell.main)
    before = _phantom(escaped(("" if sign else longest.sign) + longest.whole[: len(longest.whole) - len(whole)]))
    number = MARKS[cell.rank].format(escaped(cell.main))
    star = r"\rlap{$^{*}$}" if cell.significant else ""
    return f"{before}{number}{_phantom(escaped(longest.fraction[len(fraction) :]))}{_tail(cell.tail, longest)}{star}"


def _tail(tail: str, longest: Longest) -> str:
    if not tail:
        return _phantom(_small(longest.tail))
    return _small(tail, _phantom("0" * (len(longest.tail) - len(tail))))


def _small(tail: str, more: str = "") -> str:
    return f"{{\\scriptsize\\,{escaped(tail.strip())}{more}}}" if tail else ""


def _pieces(main: str) -> tuple[str, str, str]:
    """Return sign, whole part, and fraction with point and exponent; a text that is no number is a whole part."""
    found = NUMBER.fullmatch(main)
    return ("", main, "") if found is None else (found[1], found[2], found[3])


def _phantom(source: str) -> str:
    return f"\\phantom{{{source}}}" if source else ""
