"""All tables and figures of a study, and a document that shows them, as files for a paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ura_study.cache import replace
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.figures import Gallery, gallery
from ura_study.report.page.provenance import origins, recorded
from ura_study.report.page.state import state_of
from ura_study.report.page.words import protocol, question
from ura_study.report.paper.document import Document, Float, Picture, distinct, main, stems
from ura_study.report.write import write_figures
from ura_study.results.results import Results
from ura_study.tables.every import every
from ura_study.tables.export import as_data, as_text, frame_of, remarks, sheets
from ura_study.tables.model import Table
from ura_study.tables.names import LISTS
from ura_study.tables.sheet import Sheet

MAIN = "main.tex"


def write_paper(folder: Path, results: Results, wide: bool = False, transpose: bool = False) -> list[str]:
    """Write `main.tex` with all tables and figures of a study, and return lines on what the user must know.

    Each table is `tables/<name>.tex` and, as raw numbers, `tables/<name>.csv`; those of `LISTS` are CSV only. Each
    figure is `figures/<name>.pdf`; captions are beside them.

    Args:
        folder: where to write.
        results: the results of the study.
        wide: whether tables span both columns of a two-column paper.
        transpose: whether tables have a column for each variant.

    Raises:
        ConfigError: where the file of reported numbers is missing or invalid.
        ResourceError: where the disk is full or a file cannot be written.
    """
    found, absent = every(results)
    tables = [table for group in found.values() for table in group]
    names = stems("-".join([table.name, *table.about.values()]) for table in tables)
    for name, table in zip(names, tables, strict=True):
        data = as_data(frame_of(table.name, [table], results), "csv")
        replace(folder / f"tables/{name}.csv", data)
    printed = {name: table for name, table in zip(names, tables, strict=True) if table.name not in LISTS}
    shown = _sheets(results, list(printed.values()), transpose)
    sources = [as_text([one], "latex", title="", wide=wide).decode() for one in shown]
    for name, source in zip(printed, sources, strict=True):
        replace(folder / f"tables/{name}.tex", source)
    drawn = _renamed(gallery(results))
    write_figures(folder, drawn, ("pdf",))
    text = main(_document(results, dict(zip(printed, shown, strict=True)), _grouped(printed), drawn))
    replace(folder / MAIN, text)
    return [
        *_left_out(absent, [name for name in found if name in LISTS]),
        *(remarks(shown, "\n".join([text, *sources]), wide) if shown else []),
    ]


def _sheets(results: Results, tables: Sequence[Table], transpose: bool) -> list[Sheet]:
    """Return tables in printed form, with different labels even where the study's settings give one."""
    shown = sheets(tables, results.study.report, results.study.study)
    shown = [one.transposed() for one in shown] if transpose else shown
    labels = distinct(one.label for one in shown)
    return [dataclasses.replace(one, label=label) for one, label in zip(shown, labels, strict=True)]


def _grouped(tables: Mapping[str, Table]) -> dict[str, list[str]]:
    """Return the title of a section for each kind of table, with the stems of its tables."""
    found: dict[str, list[str]] = {}
    for stem, table in tables.items():
        found.setdefault(table.name.replace("_", " ").capitalize(), []).append(stem)
    return found


def _document(
    results: Results, shown: Mapping[str, Sheet], groups: Mapping[str, Sequence[str]], drawn: Gallery
) -> Document:
    citations = [line.citation for one in shown.values() for line in one.reported if line.citation]
    citations += [citation for one in shown.values() for _, citation in one.headings if citation]
    return Document(
        study=results.study.study,
        protocol=[*question(results), state_of(results).sentence],
        facts=protocol(results) | origins(results, recorded(results)),
        tables={
            title: [Float(f"tables/{stem}.tex", shown[stem].label) for stem in group] for title, group in groups.items()
        },
        pictures={
            "Figures": _pictures(results, (*drawn.study, *drawn.search)),
            "Pictures of test images": _pictures(results, drawn.pictures),
        },
        citations=list(dict.fromkeys(citations)),
    )


def _pictures(results: Results, figures: Iterable[Drawn]) -> list[Picture]:
    study = "".join(stems([results.study.study]))
    return [
        Picture(f"figures/{one.name}.pdf", f"fig:{study}-{one.name}", one.caption, one.figure.get_figwidth())
        for one in figures
    ]


def _renamed(drawn: Gallery) -> Gallery:
    """Return figures with names that LaTeX can read."""
    groups = (drawn.study, drawn.search, drawn.pictures)
    names = iter(stems(figure.name for group in groups for figure in group))
    return Gallery(*(tuple(dataclasses.replace(figure, name=next(names)) for figure in group) for group in groups))


def _left_out(absent: Mapping[str, str], lists: Sequence[str]) -> list[str]:
    """Return a line on the tables that the study does not have, and one on those that are too long for a document."""
    reasons = "; ".join(f"{name} ({reason})" for name, reason in absent.items())
    return [
        *([f"left out: {reasons}"] if absent else []),
        *([f"as CSV only, with a line for each run or image: {', '.join(lists)}"] if lists else []),
    ]
