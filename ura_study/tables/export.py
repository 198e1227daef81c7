"""A table of a study as the bytes of a file."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Sequence

import pandas as pd

from ura_study.errors import ConfigError, ResourceError
from ura_study.metrics.names import IMAGE_METRICS
from ura_study.report.config import ReportSettings
from ura_study.results.frame import tidy
from ura_study.results.results import Results
from ura_study.tables.ablation_tables import components, sweeps
from ura_study.tables.agreement_table import agreement_table
from ura_study.tables.comparison_table import comparison
from ura_study.tables.cost_table import cost
from ura_study.tables.defects_table import defects
from ura_study.tables.effects_table import effects_tables
from ura_study.tables.formats.flat import flat
from ura_study.tables.formats.html import html, html_document
from ura_study.tables.formats.latex import document, included, latex, width
from ura_study.tables.formats.latex_text import beyond
from ura_study.tables.formats.markdown import markdown
from ura_study.tables.images_table import image_frame, images
from ura_study.tables.metric_tables import per_category, summary
from ura_study.tables.model import Table
from ura_study.tables.on_test_set_table import on_test_set_tables
from ura_study.tables.robustness_table import robustness
from ura_study.tables.runs_table import runs
from ura_study.tables.sheet import Sheet, sheet

#: Formats with raw numbers.
DATA = ("csv", "parquet", "excel")
#: Above this many text widths, a table that is shrunk to fit is hardly legible: in one column, and across two columns.
LEGIBLE, LEGIBLE_WIDE = 1.5, 2.0
#: Functions that make the tables of each name in `names.TABLES`.
MAKERS: dict[str, Callable[[Results], list[Table]]] = {
    "summary": lambda results: [summary(results)],
    "per_category": lambda results: [per_category(results, metric) for metric in results.metrics],
    "defects": defects,
    "components": components,
    "effects": effects_tables,
    "sweep": sweeps,
    "robustness": robustness,
    "cost": lambda results: [cost(results)],
    "comparison": lambda results: [comparison(results, metric) for metric in results.metrics],
    "test_set": lambda results: _test_set(results),
    "validation": lambda results: [agreement_table(results)],
    "search": lambda results: [_search(results)],
    "runs": lambda results: [runs(results)],
    "images": lambda results: [images(results)],
}


def _search(results: Results) -> Table:
    """Return the table of the trials of a search.

    Raises:
        ConfigError: where no search has begun.
    """
    if results.leaderboard is None:
        raise ConfigError(f"study '{results.study.study}': a table of a search needs one that has begun")
    from ura_study.tables.search_table import search_table  # imports Optuna

    return search_table(results.leaderboard)


def _test_set(results: Results) -> list[Table]:
    """Return the tables of the test set.

    Raises:
        ConfigError: where the study's report has no image metric.
    """
    if tables := on_test_set_tables(results):
        return tables
    raise ConfigError(
        f"study '{results.study.study}': report.metrics: a table of the test set needs one of "
        f"{', '.join(IMAGE_METRICS)}, but got {', '.join(results.metrics)}"
    )


def sheets(tables: Sequence[Table], settings: ReportSettings, study: str) -> list[Sheet]:
    """Return tables in printed form; `study` is the name of the study."""
    return [sheet(table, settings, study, alone=len(tables) == 1) for table in tables]


def content(
    shown: Sequence[Sheet],
    frame: Callable[[], pd.DataFrame],
    form: str,
    title: str,
    standalone: bool = False,
    wide: bool = False,
) -> bytes:
    """Return the bytes of a file in the format `form`: the sheets as text, or the frame of raw numbers as data.

    For the other arguments see `as_text`; for errors see `as_data`.
    """
    return as_data(frame(), form) if form in DATA else as_text(shown, form, title, standalone, wide)


def as_text(shown: Sequence[Sheet], form: str, title: str, standalone: bool = False, wide: bool = False) -> bytes:
    """Return sheets as UTF-8 text.

    Args:
        shown: the sheets.
        form: `latex`, `markdown` or `html`.
        title: title of a standalone document in Markdown or HTML; not used in LaTeX.
        standalone: whether the text is a complete document; otherwise it is for inclusion in one.
        wide: whether LaTeX tables span both columns of a paper.
    """
    if form == "latex":
        return (document if standalone else included)([latex(part, wide) for part in shown]).encode()
    texts = [(markdown if form == "markdown" else html)(part) for part in shown]
    if not standalone:
        return "\n".join(texts).encode()
    return (html_document(texts, title) if form == "html" else "\n".join([f"# {title}\n", *texts])).encode()


def remarks(shown: Sequence[Sheet], source: str, wide: bool) -> list[str]:
    """Return hints on using these sheets in a LaTeX paper: tables too wide, and characters that pdflatex lacks.

    Args:
        shown: the sheets, at least one.
        source: their LaTeX source.
        wide: whether they span both columns.
    """
    widest = max(shown, key=width)
    lines = []
    if (times := width(widest)) > (LEGIBLE_WIDE if wide else LEGIBLE):
        ways = "--transpose or fewer --metric" + ("" if wide else " or --wide (across both columns)")
        lines.append(f"{widest.title}: {times:.1f} times as wide as a page, so shrunk to fit; {ways} may serve better")
    if letters := " ".join(beyond(source)):
        lines.append(f"pdflatex does not know {letters} without further packages; lualatex does, with a font for them")
    return lines


def as_data(frame: pd.DataFrame, form: str) -> bytes:
    """Return a data frame as `csv`, `parquet` or `excel`.

    Names are written by users. CSV is meant for programs and has them unchanged, so a spreadsheet would read a name
    such as `=1+1` as a formula. In Excel's own format such a cell is text.

    Raises:
        ResourceError: for Excel if openpyxl is not installed.
    """
    if form == "csv":
        return frame.to_csv(index=False).encode()
    import pandas as pd

    content = io.BytesIO()
    if form == "parquet":
        frame.to_parquet(content, index=False)
    else:
        try:
            with pd.ExcelWriter(content, engine="openpyxl") as book:
                frame.to_excel(book, index=False)
                for cell in itertools.chain.from_iterable(book.book.active.iter_rows()):
                    if cell.data_type == "f":  # a name that begins with = is not a formula
                        cell.data_type = "s"
        except ImportError as error:
            raise ResourceError("Excel files need openpyxl: pip install 'ura-study[excel]'") from error
    return content.getvalue()


def frame_of(name: str, tables: Sequence[Table], results: Results) -> pd.DataFrame:
    """Return raw numbers: for `runs`, `search` and `images` all that is recorded, for other tables what they show."""
    if name == "search":
        from ura_study.tables.search_table import search_frame

        assert results.leaderboard is not None
        return search_frame(results.leaderboard)
    if name == "images":
        return image_frame(results)
    return tidy(results.plan, results.records) if name == "runs" else flat(tables)


def explained(tables: Sequence[Table], shown: Sequence[Sheet]) -> str:
    """Return a text with the run ids behind each cell and the citation of each reported row."""
    lines = []
    for table, printed in zip(tables, shown, strict=True):
        lines.append(printed.title)
        for row, line in zip(table.rows, printed.lines, strict=True):
            for cell, text, (heading, _) in zip(row.cells, line.cells, printed.headings, strict=True):
                if cell.run_ids:
                    runs = ", ".join(dict.fromkeys(cell.run_ids))
                    lines.append(f"  {' · '.join((*row.labels, heading))}: {text.text} from {runs}")
        lines += [f"  {row.labels[0]}: reported in {row.citation}" for row in table.reported]
    return "\n".join([*lines, ""])
