"""LaTeX is taken apart: environments, braces, columns and special characters (it is compiled in `test_latex_pages`)."""

from __future__ import annotations

import dataclasses
import re
import unicodedata

import pytest
from golden_tables import METRIC, PARTS, SETTINGS, STUDY, TABLES
from hypothesis import example, given
from hypothesis import strategies as st

from ura_study.report.config import ReportSettings
from ura_study.results.cell import Cell
from ura_study.tables.formats.latex import PACKAGES, ROWS, document, latex
from ura_study.tables.formats.latex_numbers import set_column
from ura_study.tables.formats.latex_text import SIGNS, SPECIAL, beyond, escaped
from ura_study.tables.model import Column, Row, Table
from ura_study.tables.sheet import sheet

PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=30)
#: Letters that LaTeX would read as something else.
NASTY = st.text(r"\{}$&#^_~%<>|\"'`[]*-–−±✓✗Δλ…@!?éa1 ", max_size=20)
#: The only commands that tables are made of, with the number of their arguments.
COMMANDS = {
    **dict.fromkeys(["begin", "end", "caption", "label", "textbf", "underline", "cite", "phantom", "rlap"], 1),
    **dict.fromkeys(["setlength", "resizebox"], 2),
    **dict.fromkeys(["centering", "toprule", "midrule", "bottomrule", "scriptsize", "hspace", "tabcolsep"], 0),
    **dict.fromkeys(["ifdim", "width", "linewidth", "else", "fi"], 0),
    **dict.fromkeys(["dots", "textendash", "textbackslash", "textasciitilde", "textasciicircum"], 0),
    **dict.fromkeys(["textless", "textgreater", "textbar", "textquoteleft"], 0),
    **dict.fromkeys(SIGNS.values(), 0),
}
STACKED = re.compile(r"\\begin\{tabular\}\[b\]\{@\{\}c@\{\}\}(.*?)\\end\{tabular\}")


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
    source = source.replace("}{!}{%\n", "}{!}{\n")
    for name in re.findall(r"(?<!\\)(?:\\\\)*\\([A-Za-z]+)", source):
        assert name in COMMANDS, name
    rest = re.sub(r"\\\\|\\[A-Za-z]+|\\[#$%&_{},]", " ", source)
    assert "\\" not in rest
    outside = re.sub(r"\$[^$]*\$", " ", rest)  # math is only what we write: signs and marks
    assert not set("#%~^$`") & set(re.sub(r"(?<=[^ ])~(?= \{)", "", outside)), outside


def columns_of(spec):
    assert re.fullmatch(r"[lc]+(@\{\\hspace\{16pt\}\}c+)?", spec), spec
    return len(re.sub(r"@\{.*?\}\}", "", spec))


def check_tabulars(source):
    """All rows are between rules, filled and ended; a heading of several lines is a table of its own."""
    found = re.findall(r"\\begin\{tabular\}\{(\S*)\}\n(.*?)\\end\{tabular\}\}", source, re.DOTALL)
    assert found
    for spec, body in found:
        lines = lines_of(STACKED.sub(lambda match: match[1].replace(r"\\", " "), body))
        assert lines[0] == r"\toprule"
        assert lines[2] == r"\midrule"
        assert lines[-2:] == [r"\bottomrule", ""]
        rows = [line for line in lines[:-1] if line not in (r"\toprule", r"\midrule", r"\bottomrule")]
        for row in rows:
            assert row.endswith(r" \\")
            assert row.count(r"\\") - 2 * row.count(r"\\\\") == 1  # one end; escaped backslashes are words
            assert not row.startswith(("[", "*"))  # would be an option of what stands before
            assert len(re.findall(r"(?<!\\)&", row)) + 1 == columns_of(spec), row


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
        ("\\phantom{", "\\fantom{"),
        ("\\end{tabular}}", "\\end{tabular}"),
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
@example("-`--`")  # "-{}" stands for "-" only before another one
def test_escaped_text_reads_as_what_it_was(text):
    """But for apostrophes: beside a closing quotation mark, which is two of them, nobody can tell them apart."""
    back = {replacement: letter for letter, replacement in SPECIAL.items()} | {"-{}": "-", "''": '"'}
    tokens = re.compile("-{}(?=-)|" + "|".join(re.escape(t) for t in sorted(back, key=len, reverse=True) if t != "-{}"))
    read = tokens.sub(lambda match: back[match[0]], escaped(text))
    assert read == unicodedata.normalize("NFC", " ".join(text.split()))


def test_words():
    assert escaped(" 50 %\n of_it -- a\x00b ") == r"50 \% of\_it -{}- a?b"


def test_a_document_has_its_tables():
    parts = [latex(sheet(table, SETTINGS, STUDY)) for table in TABLES]
    whole = document(parts)
    assert all(part in whole for part in parts)
    check_braces(whole)
    check_environments(whole)
    assert whole.startswith(f"\\documentclass{{article}}\n{PACKAGES}\n")


def test_letters_are_composed_as_a_file_name_of_macos_is_not():
    assert escaped("cafe\u0301") == "café"


def test_letters_that_pdflatex_does_not_know_are_named():
    assert beyond("é ü Å ß µ “x” ° × $\\alpha$ \\%") == []
    assert beyond("测试测 ж ą ħ 😀") == ["测", "试", "ж", "ą", "ħ", "😀"]


def many(rows):
    lines = tuple(Row((f"v{i}",), (Cell((i / 1000,)),)) for i in range(rows))
    reported = (Row(("PatchCore",), (Cell((0.9,)),), "roth2022"),)
    return Table("runs", "Runs", ("variant",), (Column("c", "c", better=1),), lines, reported, ("A note.",))


@pytest.mark.parametrize(("rows", "parts"), [(0, 1), (ROWS, 1), (ROWS + 1, 2), (3 * ROWS, 3)])
def test_what_is_too_long_for_a_page_goes_on_in_further_tables(rows, parts):
    source = latex(sheet(many(rows), ReportSettings(), "x"))
    check(source)
    assert source.count("\\begin{table}") == parts
    assert re.findall(r"^    (v\d+) &", source, re.MULTILINE) == [f"v{i}" for i in range(rows)]
    labels = re.findall(r"\\label\{(.*?)\}", source)
    assert labels == ["tab:x-runs", *(f"tab:x-runs-{n}" for n in range(2, parts + 1))]
    assert source.count("A note.") == source.count("PatchCore~") == 1
    assert source.index("PatchCore~") > source.rindex("\\caption")
    if parts > 1:
        assert f"\\caption{{Runs, part {parts} of {parts}.}}" in source


def test_across_both_columns():
    source = latex(sheet(PARTS, SETTINGS, STUDY), wide=True)
    check(source)
    assert source.count("{table*}") == 2


def test_marks_are_centred_and_means_set_apart():
    assert "{tabular}{lcccc}" in latex(sheet(PARTS, SETTINGS, STUDY))
    shown = sheet(dataclasses.replace(METRIC, means=1), SETTINGS, STUDY)
    assert "{tabular}{lcc@{\\hspace{16pt}}c}" in latex(shown)
    turned = lines_of(latex(shown.transposed()))
    assert turned[turned.index(r"\bottomrule") - 2] == r"\midrule"  # above the mean, the last line
    assert "{tabular}{lccccc@{\\hspace{16pt}}cc}" in latex(shown.transposed())  # beside what is reported


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        ("share", [Cell((0.1,)), Cell((1.0,)), Cell((0.055,))], [r"\phantom{1}10.0", "100.0", r"\phantom{10}5.5"]),
        ("points", [Cell((-0.1,)), Cell((0.0,))], ["$-$10.0", r"\phantom{$-$1}0.0"]),
        ("p", [Cell((0.0001,)), Cell((1.0,))], [r"\textless{}0.001", r"\phantom{\textless{}}1.000"]),
        ("count", [Cell((1234567.0,)), Cell((1000.0,))], ["1,234,567", r"\phantom{1,23}1,000"]),
        ("value", [Cell((0.25,)), Cell((3.0,)), Cell((1e-5,))], [r"0.25\phantom{5}", r"3\phantom{e$-$05}", "1e$-$05"]),
        (
            "share",
            [Cell((0.5, 0.6)), Cell((0.5,)), Cell(failed=1)],
            [r"55.0{\scriptsize\,$\pm$ 7.1}", r"50.0\phantom{{\scriptsize\,$\pm$ 7.1}}", "1 failed"],
        ),
    ],
)
def test_points_stand_below_each_other(kind, cells, expected):
    table = Table("t", "T", ("v",), (Column("c", "c", kind),), tuple(Row(("v",), (cell,)) for cell in cells))
    shown = sheet(table, ReportSettings(), "x")
    assert set_column([line.cells[0] for line in shown.lines]) == expected


def test_long_headings_are_stacked():
    columns = (Column("c", "mean of all & more"), Column("d", "d"))
    rows = (Row(("v",), (Cell((0.5, 0.6)), Cell((0.5,)))),)
    source = latex(sheet(Table("t", "T", ("v",), columns, rows), ReportSettings(), "x"))
    check(source)
    assert r"\begin{tabular}[b]{@{}c@{}}mean of\\all \&\\more (\%)\end{tabular}" in source
