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
    tables = _named(found)
    for (kind, name), table in tables.items():
        replace(folder / f"tables/{name}.csv", as_data(frame_of(kind, [table], results), "csv"))
    printed = {key: table for key, table in tables.items() if key[0] not in LISTS}
    shown = dict(zip(printed, _sheets(results, list(printed.values()), transpose), strict=True))
    sources = {name: as_text([one], "latex", title="", wide=wide).decode() for (_, name), one in shown.items()}
    for name, source in sources.items():
        replace(folder / f"tables/{name}.tex", source)
    drawn = _renamed(gallery(results))
    write_figures(folder, drawn, ("pdf",))
    text = main(_document(results, shown, drawn))
    replace(folder / MAIN, text)
    return [
        *_left_out(absent, [kind for kind in found if kind in LISTS]),
        *(remarks(list(shown.values()), "\n".join([text, *sources.values()]), wide) if shown else []),
    ]


def _named(tables: Mapping[str, Sequence[Table]]) -> dict[tuple[str, str], Table]:
    """Return tables by kind and by the stem of their files."""
    flat = [(kind, table) for kind, group in tables.items() for table in group]
    names = stems("-".join([kind, *table.about.values()]) for kind, table in flat)
    return {(kind, name): table for (kind, table), name in zip(flat, names, strict=True)}


def _sheets(results: Results, tables: Sequence[Table], transpose: bool) -> list[Sheet]:
    """Return tables in printed form, with different labels even where the study's settings give one."""
    shown = sheets(tables, results.study.report, results.study.study)
    shown = [one.transposed() for one in shown] if transpose else shown
    labels = distinct(one.label for one in shown)
    return [dataclasses.replace(one, label=label) for one, label in zip(shown, labels, strict=True)]


def _document(results: Results, shown: Mapping[tuple[str, str], Sheet], drawn: Gallery) -> Document:
    sections: dict[str, list[Float]] = {}
    for (kind, name), one in shown.items():
        title = kind.replace("_", " ").capitalize()
        sections.setdefault(title, []).append(Float(f"tables/{name}.tex", one.label))
    citations = [line.citation for one in shown.values() for line in one.reported if line.citation]
    citations += [citation for one in shown.values() for _, citation in one.headings if citation]
    return Document(
        study=results.study.study,
        protocol=[*question(results), state_of(results).sentence],
        facts=protocol(results) | origins(results, recorded(results)),
        sections={
            **sections,
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
