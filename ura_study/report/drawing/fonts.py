"""Characters that the font of figures lacks: from another installed font, or else written as a code like `\\u6e2c`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from ura_study.output import notice

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT = "DejaVu Sans"
#: Parts of the names of fonts that have only boxes for all characters, or coloured glyphs that figures cannot show.
USELESS = ("Last Resort", "LastResort", "Emoji", "Color", "NonUnicode")


def drawable(text: str) -> str:
    """Return a text in which characters that no installed font has are codes; the first such code prints a notice."""
    return "".join(letter if _plain(letter) or _font(letter) is not None else _written(letter) for letter in text)


def dress(figure: Figure) -> None:
    """Set the fonts that the characters of each text in a figure need."""
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
    """Return the fonts other than `FONT` that the characters of a text need."""
    found = (_font(letter) for letter in dict.fromkeys(text) if not _plain(letter))
    return list(dict.fromkeys(name for name in found if name not in (None, FONT)))


def _plain(letter: str) -> bool:
    return (letter.isascii() and letter.isprintable()) or letter.isspace()


@cache
def _font(letter: str) -> str | None:
    """Return the first font, in the order of `_installed`, that has a character; None if there is none."""
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
    """Print the notice, only once in a process."""
    notice("no installed font has some letters of names; figures show them as codes, as \\u6e2c")


def _installed() -> Iterator[tuple[str, frozenset[int]]]:
    """Yield the upright fonts of regular weight with their characters; each is read when it is requested.

    `FONT` comes first, then the fonts with "Sans" in their name, then all others; both groups by name.
    """
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
    except (OSError, RuntimeError):  # deleted meanwhile, or unreadable
        return frozenset()
