"""The LaTeX document around the tables and figures of a study: `main.tex`, as data and then as text.

Tables and figures are files of their own. They need booktabs, graphicx and amssymb, which it loads, and
geometry for wider lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ura_study.report.drawing.style import TWO
from ura_study.tables.formats.latex import PACKAGES
from ura_study.tables.formats.latex_text import escaped

#: In the width of the widest figures, so that none is shrunk.
PREAMBLE = rf"""\documentclass{{article}}
{PACKAGES}
\usepackage[textwidth={TWO}in,textheight=9in]{{geometry}}
\setlength{{\belowcaptionskip}}{{6pt}}
\sloppy
\begin{{document}}
"""
#: Largest height of a figure, as a share of the text's: its caption must go on the same page.
HEIGHT = 0.7


@dataclass(frozen=True)
class Float:
    """A table or figure, in a file of its own."""

    file: str
    """Its path, relative to the document."""
    label: str


@dataclass(frozen=True)
class Picture(Float):
    """A figure."""

    caption: str
    width: float
    """In inches, as drawn."""


@dataclass(frozen=True)
class Document:
    """The content of the document."""

    study: str
    protocol: Sequence[str]
    """Sentences on the question of the study and its progress."""
    facts: Mapping[str, str]
    """Heading → text, on how and from what the numbers were obtained."""
    sections: Mapping[str, Sequence[Float]]
    """Title → the tables or figures of the section."""
    citations: Sequence[str]
    """Keys that the tables cite."""


def stems(names: Iterable[str]) -> list[str]:
    """Return names as stems of files that LaTeX can read: ASCII letters, digits, `_` and `-`, each stem once."""
    return distinct(re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-") for name in names)


def distinct(names: Iterable[str]) -> list[str]:
    """Return names, the second and later of equal ones with `-2`, `-3`, … added."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return found


def main(document: Document) -> str:
    """Return the document as LaTeX."""
    parts = [
        _bibliography(document.citations),
        PREAMBLE,
        rf"\title{{Study {escaped(document.study)}}}",
        r"\author{}",
        r"\date{}",
        "\\maketitle\n",
        "\\section{Protocol}\n",
        *map(escaped, document.protocol),
        *(f"\n\\paragraph{{{escaped(name)}.}}\n{escaped(text)}" for name, text in document.facts.items()),
        *(_section(title, floats) for title, floats in document.sections.items() if floats),
        "\\end{document}\n",
    ]
    return "\n".join(part for part in parts if part)


def _section(title: str, floats: Sequence[Float]) -> str:
    """Return a section that begins with references to its floats; all of them come before the next section."""
    shown = (_figure(one) if isinstance(one, Picture) else rf"\input{{{one.file}}}" for one in floats)
    return "\n".join([f"\n\\section{{{escaped(title)}}}\n", _references(floats), *shown, r"\clearpage"])


def _references(floats: Sequence[Float]) -> str:
    word = "Figure" if isinstance(floats[0], Picture) else "Table"
    *others, last = [rf"\ref{{{one.label}}}" for one in floats]
    return f"{word}s~{', '.join(others)} and~{last}.\n" if others else f"{word}~{last}.\n"


def _figure(picture: Picture) -> str:
    width = r"\linewidth" if picture.width >= TWO else f"{picture.width:g}in"
    return "\n".join(
        [
            r"\begin{figure}[tp]",
            r"  \centering",
            rf"  \includegraphics[width={width},height={HEIGHT}\textheight,keepaspectratio]{{{picture.file}}}",
            rf"  \caption{{{escaped(picture.caption)}}}",
            rf"  \label{{{picture.label}}}",
            r"\end{figure}",
        ]
    )


def _bibliography(citations: Sequence[str]) -> str:
    if not citations:
        return ""
    return f"% The tables cite {', '.join(citations)}: add a \\bibliography that has them."
