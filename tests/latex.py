"""What must hold of a LaTeX document, checked without TeX."""

from __future__ import annotations

import re
from pathlib import Path

from ura_study.tables.formats.latex_text import beyond

#: Commands that LaTeX has itself.
OWN = (
    "documentclass usepackage setlength begin end sloppy title author date maketitle section paragraph ref label input "
    "clearpage centering caption textheight linewidth belowcaptionskip tabcolsep ifdim width else fi hspace cite "
    "textbf underline scriptsize small footnotesize phantom hphantom multicolumn textbackslash textasciitilde "
    "textasciicircum textless textgreater textbar textquoteleft textendash dots times pm to infty leq geq approx neq "
    "alpha beta Delta llap rlap mathrm"
)
#: Package → its commands; others are unknown.
PACKAGES = {
    "booktabs": "toprule midrule bottomrule cmidrule",
    "graphicx": "includegraphics resizebox",
    "amssymb": "checkmark",
}
NEEDED = {command: package for package, commands in PACKAGES.items() for command in commands.split()}


def faults(folder: Path) -> list[str]:
    """Return what is wrong with `main.tex` and all that it reads, one line each; empty if nothing is."""
    source = _whole(folder, "main.tex")
    if isinstance(source, list):
        return source
    bare = re.sub(r"\\[^A-Za-z]", "", source)  # without \\, \{, \%, …
    labels, packages = re.findall(r"\\label\{(.*?)\}", bare), re.findall(r"\\usepackage(?:\[.*?\])?\{(.*?)\}", bare)
    loaded = {name for names in packages for name in names.split(",")}
    return [
        *(f"label {name} twice" for name in sorted({name for name in labels if labels.count(name) > 1})),
        *(f"no label {name}" for name in re.findall(r"\\ref\{(.*?)\}", bare) if name not in labels),
        *_commands(bare, loaded),
        *_figures(folder, bare),
        *_nesting(bare),
        *(f"pdflatex does not know {letter}" for letter in beyond(source)),
    ]


def _whole(folder: Path, file: str) -> str | list[str]:
    """Return a file without comments and with the files that it reads in their places, or what is missing."""
    text = re.sub(r"(?<!\\)%.*", "", (folder / file).read_text(encoding="utf-8"))
    read = re.findall(r"\\input\{(.*?)\}", text)
    if missing := [f"no file {name}" for name in read if not (folder / name).is_file()]:
        return missing
    for name in read:
        text = text.replace(f"\\input{{{name}}}", str(_whole(folder, name)))
    return text


def _commands(bare: str, loaded: set[str]) -> list[str]:
    used = sorted(set(re.findall(r"\\([A-Za-z]+)", bare)))
    unknown = [f"unknown command {name}" for name in used if name not in (*OWN.split(), *NEEDED)]
    return unknown + [f"{name} needs {NEEDED[name]}" for name in used if name in NEEDED and NEEDED[name] not in loaded]


def _figures(folder: Path, bare: str) -> list[str]:
    files = re.findall(r"\\includegraphics(?:\[.*?\])?\{(.*?)\}", bare)
    there = folder.rglob("*.pdf")
    whole = {str(path.relative_to(folder)) for path in there if path.read_bytes().startswith(b"%PDF")}
    return [f"no figure {name}" for name in files if name not in whole]


def _nesting(bare: str) -> list[str]:
    """Return what is opened and not closed; a block is an environment, braces, or mathematics."""
    opened: list[str] = []
    for token, environment in re.findall(r"(\\begin|\\end|[{}$])(?:(?<=n|d)\{([a-z*]+)\})?", bare):
        name = environment or token
        closes = token in ("\\end", "}") or (token == "$" and opened[-1:] == ["$"])
        if not closes:
            opened.append(name)
        elif not opened or opened.pop() != name.replace("}", "{"):
            return [f"{name} is closed where it was not opened"]
    return [f"{name} is never closed" for name in opened]
