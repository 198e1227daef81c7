"""Escaping of any text for LaTeX, so that it is printed literally."""

from __future__ import annotations

import re
import unicodedata

#: Greek letters with a LaTeX command, by their Unicode names; the other capitals look like Latin ones.
SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma tau phi chi psi omega"
CAPITAL = "Gamma Delta Theta Xi Pi Sigma Phi Psi Omega"
SIGNS = {
    **{unicodedata.lookup(f"Greek small letter {name}"): name for name in SMALL.split()},
    **{unicodedata.lookup(f"Greek capital letter {name}"): name for name in CAPITAL.split()},
    **{"λ": "lambda", "Λ": "Lambda"},  # Unicode: lamda
    **{"✓": "checkmark", "✗": "times", "±": "pm", "→": "to", "∞": "infty"},
    **{"≤": "leq", "≥": "geq", "≈": "approx", "≠": "neq"},
}
#: Characters that LaTeX would read as commands, ligatures or other glyphs, and signs that need mathematical mode.
SPECIAL = {
    **{letter: f"\\{letter}" for letter in "#$%&_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": r"{}\textquoteleft{}",  # after ! or ? it would make ¡ or ¿
    "[": "{[}",  # after \\ or \midrule it would begin an option
    "]": "{]}",
    "*": r"{$^{*}$}",
    "−": "$-$",
    "–": r"\textendash{}",
    "…": r"\dots{}",
    **{letter: f"$\\{name}$" for letter, name in SIGNS.items()},
}
#: Characters, other than accented letters, that pdflatex prints without a further package.
KNOWN = frozenset("¡¢£¤¥¦§¨©ª¬®¯°²³´µ¶·¸¹º¼½¾¿×÷ÆØßæøıŁłŒœ—‘’“”†‡‰•€™←↑↓")
#: An accent that needs the font encoding T1.
OGONEK = "\u0328"


def escaped(text: str) -> str:
    """Return LaTeX source that prints a text literally, on one line; unprintable characters become question marks."""
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    plain = "".join(SPECIAL.get(letter, letter if letter.isprintable() else "?") for letter in line)
    return re.sub("-(?=-)", "-{}", plain)


def beyond(text: str) -> list[str]:
    """Return the characters of a LaTeX source, each once, that pdflatex cannot print without further packages."""
    return [letter for letter in dict.fromkeys(text) if not (letter.isascii() or letter in KNOWN or _accented(letter))]


def _accented(letter: str) -> bool:
    parted = unicodedata.normalize("NFD", letter)
    base, marks = parted[0], parted[1:]
    return base.isascii() and len(marks) == 1 and OGONEK not in marks
