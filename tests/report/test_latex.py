"""LaTeX is taken apart: environments, braces, columns and special characters; and compiled where pdflatex is."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from golden_tables import METRIC, SETTINGS, STUDY, TABLES
from hypothesis import given
from hypothesis import strategies as st

from ura_study.report.config import ReportSettings
from ura_study.report.latex import SPECIAL, document, escaped, latex
from ura_study.report.model import Cell, Column, Row, Table
from ura_study.report.sheet import sheet

PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=30)
#: Letters that LaTeX would read as something else.
NASTY = st.text(r"\{}$&#^_~%<>|\"'`[]*-–−±✓✗Δ…@!?éa1 ", max_size=20)
#: The only commands that tables are made of, with the number of their arguments.
COMMANDS = {
    **dict.fromkeys(["begin", "end", "caption", "label", "textbf", "underline", "cite"], 1),
    "multicolumn": 3,
    **dict.fromkeys(["centering", "toprule", "midrule", "bottomrule", "scriptsize", "pm", "times", "checkmark"], 0),
    **dict.fromkeys(["Delta", "dots", "textendash", "textbackslash", "textasciitilde", "textasciicircum"], 0),
    **dict.fromkeys(["textless", "textgreater", "textbar"], 0),
}


def lines_of(source):
    return [line.strip() for line in source.splitlines()]


def check_braces(source):
    depth = 0
    for token in re.findall(r"\\.|[{}]", source, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(token, 0)
        assert depth >= 0, source
    assert depth == 0, source


def check_environments(source):
    stack = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", source):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []


def check_commands(source):
    """Every command is one of ours and every other backslash escapes a special character or ends a row."""
    for name in re.findall(r"(?<!\\)(?:\\\\)*\\([A-Za-z]+)", source):
        assert name in COMMANDS, name
    rest = re.sub(r"\\\\|\\[A-Za-z]+|\\[#$%&_{},]", " ", source)
    assert "\\" not in rest
    outside = re.sub(r"\$[^$]*\$", " ", rest)  # math is only what we write: signs and marks
    assert not set("#%~^$") & set(re.sub(r"(?<=[^ ])~(?= \{)", "", outside)), outside


def columns_of(spec):
    return len(re.sub(r"@\{\}| ", "", spec))


def width(row):
    """The columns that a row fills: one more than its `&`, plus what `multicolumn` spans."""
    spans = [int(count) for count in re.findall(r"\\multicolumn\{(\d)\}", row)]
    return len(re.findall(r"(?<!\\)&", row)) + 1 + sum(spans) - len(spans)


def check_tabulars(source):
    found = re.findall(r"\\begin\{tabular\}\{((?:@\{\}|[^}])*)\}\n(.*?)\\end\{tabular\}", source, re.DOTALL)
    assert found
    for spec, body in found:
        lines = lines_of(body)
        assert lines[0] == r"\toprule"
        assert lines[2] == r"\midrule"
        assert lines[-2:] == [r"\bottomrule", ""]
        rows = [line for line in lines[:-1] if line not in (r"\toprule", r"\midrule", r"\bottomrule")]
        for row in rows:
            assert row.endswith(r" \\")
            assert not row.startswith(("[", "*"))  # would be an option of what stands before
            assert width(row) == columns_of(spec), row


def check(source):
    check_braces(source)
    check_environments(source)
    check_commands(source)
    check_tabulars(source)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("transposed", [False, True])
def test_structure(table, transposed):
    shown = sheet(table, SETTINGS, STUDY)
    check(latex(shown.transposed() if transposed else shown))


@pytest.mark.parametrize(
    "broken",
    [
        ("\\bottomrule", "\\bottomrul"),
        ("& ", ""),
        ("\\end{tabular}", ""),
        ("{[}2, 3{]}", "{[}2, 3]}"),
        ("    full &", "    [full] &"),
        ("\\$x", "$x"),
        ("50\\%", "50%"),
        ("\\multicolumn{2}{c}{2 failed}", "2 failed"),
    ],
)
def test_the_check_finds_what_is_broken(broken):
    source = latex(sheet(METRIC, SETTINGS, STUDY))
    assert broken[0] in source
    with pytest.raises(AssertionError):
        check(source.replace(*broken, 1))


def table_of(texts):
    label, heading, title, note, stub = texts
    return Table(
        name="per_category",
        title=title,
        stubs=(stub,),
        columns=(Column("c", heading, better=1), Column("d", heading)),
        rows=(
            Row((label,), (Cell((0.5, 0.6)), Cell(failed=1))),
            Row((label[::-1],), (Cell((0.4,), significant=True), Cell((0.5,)))),
        ),
        notes=(note,),
    )


@given(st.lists(PRINTABLE | NASTY, min_size=5, max_size=5), NASTY.filter(bool))
def test_no_name_breaks_a_table(texts, caption):
    check(latex(sheet(table_of(texts), ReportSettings(caption=caption), "x")))


@given((PRINTABLE | NASTY).filter(lambda text: "'" not in text))
def test_escaped_text_reads_as_what_it_was(text):
    """But for apostrophes: beside a closing quotation mark, which is two of them, nobody can tell them apart."""
    back = {replacement: letter for letter, replacement in SPECIAL.items()} | {"-{}": "-", "''": '"'}
    tokens = re.compile("|".join(map(re.escape, sorted(back, key=len, reverse=True))))
    read = tokens.sub(lambda match: back[match[0]], escaped(text))
    assert read == " ".join(text.split())


def test_words():
    assert escaped(" 50 %\n of_it -- a\x00b ") == r"50 \% of\_it -{}- a?b"


def test_a_document_has_its_tables():
    parts = [latex(sheet(table, SETTINGS, STUDY)) for table in TABLES]
    whole = document(parts)
    assert all(part in whole for part in parts)
    check_braces(whole)
    check_environments(whole)
    assert whole.startswith("\\documentclass{article}\n\\usepackage{booktabs,amssymb}\n\\begin{document}\n")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_it_compiles(tmp_path):
    shown = [sheet(table, SETTINGS, STUDY) for table in TABLES]
    parts = [latex(one) for one in shown] + [latex(shown[0].transposed())]
    (tmp_path / "tables.tex").write_text(document(parts), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
