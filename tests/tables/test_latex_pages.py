"""Tables on the page: compiled where a TeX is, without an error and without a box that is wider than its column."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from golden_tables import CHANGE, METRIC, PARTS, SETTINGS, STUDY, TABLES
from tex import TEX, check, compiled

from ura_study.report.config import ReportSettings
from ura_study.results.cell import Cell
from ura_study.tables.formats.latex import PACKAGES, ROWS, document, latex
from ura_study.tables.formats.latex_text import KNOWN, SPECIAL
from ura_study.tables.model import Column, Row, Table
from ura_study.tables.sheet import sheet

pytestmark = pytest.mark.skipif(TEX is None, reason="no pdflatex, lualatex or tectonic here")

#: What papers are set in: one column, and two.
PAPERS = {"one": r"\documentclass{article}", "two": r"\documentclass[twocolumn]{article}"}
SIGNS = "".join(sorted({*SPECIAL, *KNOWN, *"!?'@=+;:,()/-"}))
#: Fifteen categories and a mean, five variants, three seeds: the main table of many a paper.
FULL = Table(
    name="per_category",
    title="Image AUROC",
    stubs=("variant",),
    columns=tuple(Column(name, name, better=1) for name in (*(f"category_{i}" for i in range(15)), "mean")),
    rows=tuple(
        Row((f"w/o part {i}",), tuple(Cell((0.9 + j / 200, 0.91, 0.95 - i / 90)) for j in range(16))) for i in range(5)
    ),
    notes=("Mean ± standard deviation over 3 seeds.",),
    kind="share",
    means=1,
)
LONG = Table(
    name="runs",
    title="Runs",
    stubs=("variant", "category", "seed"),
    columns=(Column("a", "Image AUROC", better=1), Column("b", "AUPRO@0.3", better=1)),
    rows=tuple(Row((f"v{i}", "nut", "0"), (Cell((i / 200,)), Cell(failed=1))) for i in range(2 * ROWS + 5)),
)
NASTY = Table(
    name="summary",
    title="Means",
    stubs=("variant",),
    columns=(Column("a", "Image AUROC é --- ``x'' ?` !`", better=1),),
    rows=tuple(Row((f"{a}{b} ?{a} {b}--{a}",), (Cell((0.5,)),)) for a, b in itertools.pairwise(SIGNS)),
)


def with_inputs(tmp_path, paper, texts):
    for number, text in enumerate(texts):
        (tmp_path / f"t{number}.tex").write_text(text, encoding="utf-8")
    inputs = "\n".join(f"\\input{{t{number}}}\\clearpage" for number in range(len(texts)))
    return "\n".join([PAPERS[paper], PACKAGES, r"\begin{document}", inputs, "\\end{document}\n"])


@pytest.mark.parametrize("paper", PAPERS)
def test_tables_go_into_a_paper(tmp_path, paper):
    shown = [sheet(table, ReportSettings(), STUDY) for table in (METRIC, PARTS, CHANGE, FULL, LONG)]
    texts = [latex(one) for one in shown]
    texts += [latex(shown[i].transposed()) for i in (0, 2, 3)] + [latex(shown[3], wide=True)]
    check(compiled(tmp_path, with_inputs(tmp_path, paper, texts)))


def test_tables_stand_alone(tmp_path):
    shown = [sheet(table, SETTINGS, STUDY) for table in TABLES]
    check(compiled(tmp_path, document([latex(one) for one in (*shown, shown[0].transposed())])))


def test_an_empty_table_compiles(tmp_path):
    empty = [dataclasses.replace(table, rows=(), reported=()) for table in (METRIC, CHANGE)]
    check(compiled(tmp_path, document([latex(sheet(table, ReportSettings(), STUDY)) for table in empty])))


@pytest.mark.skipif(TEX is not None and not TEX.endswith("pdflatex"), reason="others know other letters")
def test_no_sign_that_is_said_to_be_known_stops_pdflatex(tmp_path):
    check(compiled(tmp_path, document([latex(sheet(NASTY, ReportSettings(), STUDY))])))


@pytest.mark.parametrize("broken", ["\\undefinedcommand", "$x", "}", "x\\hbox to 900pt{}"])
def test_what_is_broken_is_found(tmp_path, broken):
    source = document([latex(sheet(PARTS, ReportSettings(), STUDY)), broken])
    with pytest.raises(AssertionError):
        check(compiled(tmp_path, source))
