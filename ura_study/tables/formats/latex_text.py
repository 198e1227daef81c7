"""Any text as LaTeX prints it, letter by letter."""

from __future__ import annotations

import re
import unicodedata

#: Greek letters that LaTeX has a command for, by Unicode's names; the other capitals look like Latin ones.
SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma tau phi chi psi omega"
CAPITAL = "Gamma Delta Theta Xi Pi Sigma Phi Psi Omega"
SIGNS = {
    **{unicodedata.lookup(f"Greek small letter {name}"): name for name in SMALL.split()},
    **{unicodedata.lookup(f"Greek capital letter {name}"): name for name in CAPITAL.split()},
    **{"λ": "lambda", "Λ": "Lambda"},  # Unicode: lamda
    **{"✓": "checkmark", "✗": "times", "±": "pm", "→": "to", "∞": "infty"},
    **{"≤": "leq", "≥": "geq", "≈": "approx", "≠": "neq"},
}
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
    "`": r"{}\textquoteleft{}",  # behind ! or ? it would turn them over
    "[": "{[}",  # behind \\ or \midrule it would begin an option
    "]": "{]}",
    "*": r"{$^{*}$}",
    "−": "$-$",
    "–": r"\textendash{}",
    "…": r"\dots{}",
    **{letter: f"$\\{name}$" for letter, name in SIGNS.items()},
}
#: What pdflatex prints besides letters with accents, without a further package.
KNOWN = frozenset("¡¢£¤¥¦§¨©ª¬®¯°²³´µ¶·¸¹º¼½¾¿×÷ÆØßæøıŁłŒœ—‘’“”†‡‰•€™←↑↓")
#: An accent that needs the T1 encoding.
OGONEK = "\u0328"


def escaped(text: str) -> str:
    """Return text as LaTeX prints it letter by letter, on one line; what cannot be printed becomes a question mark."""
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    plain = "".join(SPECIAL.get(letter, letter if letter.isprintable() else "?") for letter in line)
    return re.sub("-(?=-)", "-{}", plain)


def beyond(text: str) -> list[str]:
    """Return the letters of a LaTeX source, each once, that pdflatex knows nothing of without further packages."""
    return [letter for letter in dict.fromkeys(text) if not (letter.isascii() or letter in KNOWN or _accented(letter))]


def _accented(letter: str) -> bool:
    parted = unicodedata.normalize("NFD", letter)
    base, marks = parted[0], parted[1:]
    return base.isascii() and len(marks) == 1 and OGONEK not in marks
