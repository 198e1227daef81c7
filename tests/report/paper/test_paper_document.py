from __future__ import annotations

import dataclasses

import pytest
from latex import faults

from ura_study.report.paper.document import Document, Float, Picture, distinct, main, stems

DOCUMENT = Document(
    study="50% & more",
    protocol=["First.", "Second: 3 × 2 ± 1."],
    facts={"Data": "layout a_b", "Commit": "abc"},
    sections={
        "Summary": [Float("tables/one.tex", "tab:one")],
        "Nothing": [],
        "Figures": [Picture("figures/a.pdf", "fig:a", "A #1.", 6.9), Picture("figures/b.pdf", "fig:b", "B.", 3.3)],
    },
    citations=[],
)


def written(folder, text):
    """Write a document with the files that `DOCUMENT` names."""
    for name in ("tables", "figures"):
        (folder / name).mkdir()
    (folder / "main.tex").write_text(text, encoding="utf-8")
    (folder / "tables/one.tex").write_text("\\begin{table}\\caption{x}\\label{tab:one}\\end{table}\n")
    for name in "ab":
        (folder / f"figures/{name}.pdf").write_bytes(b"%PDF-1.4")
    return folder


def test_the_document_in_full():
    text = main(DOCUMENT)
    assert text.startswith(
        "\\documentclass{article}\n\\usepackage{booktabs,graphicx,amssymb}\n\\usepackage[textwidth=6.9in,"
    )
    assert (
        text[text.index("\\begin{document}") :]
        == r"""\begin{document}

\title{Study 50\% \& more}
\author{}
\date{}
\maketitle

\section{Protocol}

First.
Second: 3 × 2 $\pm$ 1.

\paragraph{Data.}
layout a\_b

\paragraph{Commit.}
abc

\section{Summary}

Table~\ref{tab:one}.

\input{tables/one.tex}
\clearpage

\section{Figures}

Figures~\ref{fig:a} and~\ref{fig:b}.

\begin{figure}[tp]
  \centering
  \includegraphics[width=\linewidth,height=0.7\textheight,keepaspectratio]{figures/a.pdf}
  \caption{A \#1.}
  \label{fig:a}
\end{figure}
\begin{figure}[tp]
  \centering
  \includegraphics[width=3.3in,height=0.7\textheight,keepaspectratio]{figures/b.pdf}
  \caption{B.}
  \label{fig:b}
\end{figure}
\clearpage
\end{document}
"""
    )


def test_nothing_is_wrong_with_it(tmp_path):
    assert faults(written(tmp_path, main(DOCUMENT))) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("tables/one.tex", "tables/two.tex", "no file tables/two.tex"),
        ("figures/a.pdf", "figures/c.pdf", "no figure figures/c.pdf"),
        ("\\ref{fig:a}", "\\ref{fig:c}", "no label fig:c"),
        ("\\label{fig:b}", "\\label{fig:a}", "label fig:a twice"),
        ("graphicx,", "", "includegraphics needs graphicx"),
        ("\\end{figure}", "", "document is closed where it was not opened"),
        ("A \\#1.", "A {.", "figure is closed where it was not opened"),
        ("A \\#1.", "$", "} is closed where it was not opened"),
        ("\\sloppy", "\\slopy", "unknown command slopy"),
        ("Second", "测", "pdflatex does not know 测"),
    ],
)
def test_what_is_wrong_is_found(tmp_path, old, new, fault):
    text = main(DOCUMENT)
    assert old in text
    assert fault in faults(written(tmp_path, text.replace(old, new)))


def test_what_is_cited_is_told_before_the_document():
    text = main(dataclasses.replace(DOCUMENT, citations=["roth2022", "zavrtanik2021"]))
    assert text.startswith(
        "% The tables cite roth2022, zavrtanik2021: add a \\bibliography that has them.\n\\documentc"
    )


def test_stems_are_names_that_latex_reads_each_once():
    names = ["per_category-image_auroc", "maps-w/o parts", "a.b=0.5", "a b 0 5", "a-b-0-5"]
    assert stems(names) == ["per_category-image_auroc", "maps-w-o-parts", "a-b-0-5", "a-b-0-5-2", "a-b-0-5-3"]


def test_distinct_keeps_first_names():
    assert distinct(["a", "b", "a", "a"]) == ["a", "b", "a-2", "a-3"]
