"""Letters that the font of figures does not have: from other installed fonts, else written as `\\u6e2c`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from ura_study.output import notice

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT = "DejaVu Sans"
#: Parts of the names of fonts that have boxes for all letters, or pictures that figures cannot show.
USELESS = ("Last Resort", "LastResort", "Emoji", "Color", "NonUnicode")


def drawable(text: str) -> str:
    """Return a text with letters that no installed font has written out; the first time, it is said so."""
    return "".join(letter if _plain(letter) or _font(letter) is not None else _written(letter) for letter in text)


def dress(figure: Figure) -> None:
    """Give each text of a figure the fonts that its letters need."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_text(drawable(text.get_text()))
        if others := _others(text.get_text()):
            text.set_fontfamily([FONT, *others])
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if others := _others("".join(getattr(axis.get_major_formatter(), "seq", ()))):  # names at ticks
                axis.set_tick_params(labelfontfamily=[FONT, *others])


def _others(text: str) -> list[str]:
    """Return the fonts beside `FONT` that the letters of a text need."""
    found = (_font(letter) for letter in dict.fromkeys(text) if not _plain(letter))
    return list(dict.fromkeys(name for name in found if name not in (None, FONT)))


def _plain(letter: str) -> bool:
    return (letter.isascii() and letter.isprintable()) or letter.isspace()


@cache
def _font(letter: str) -> str | None:
    """Return the font that has a letter: `FONT`, else the first of the others by name, such without serifs before."""
    if letter.isprintable():
        for name, letters in _installed():
            if ord(letter) in letters:
                return name
    return None


@cache
def _written(letter: str) -> str:
    code = f"\\x{ord(letter):02x}" if letter.isascii() else letter.encode("ascii", "backslashreplace").decode()
    _say_so()
    return code


@cache
def _say_so() -> None:
    """Say it once."""
    notice("no installed font has some letters of names; figures show them as codes, as \\u6e2c")


def _installed() -> Iterator[tuple[str, frozenset[int]]]:
    """Yield the upright fonts of usual weight, with their letters, `FONT` first; each is read when it is asked for."""
    from matplotlib.font_manager import findfont, fontManager

    yield FONT, _letters(findfont(FONT))
    files = {
        font.name: font.fname
        for font in fontManager.ttflist
        if font.style == "normal" and font.weight in (400, "normal", "regular") and font.name != FONT
        if not any(part in font.name for part in USELESS)
    }
    for name in sorted(files, key=lambda name: ("Sans" not in name, name)):
        yield name, _letters(files[name])


@cache
def _letters(file: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(file).get_charmap())
    except (OSError, RuntimeError):  # gone since, or nothing that can be drawn
        return frozenset()
