"""`ura-study export` and `ura-study compare`: tables from recorded results. Nothing is run and no image is read."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from ura_study.cache import replace
from ura_study.errors import UserError, nearest
from ura_study.output import notice
from ura_study.results.opening import open_done
from ura_study.tables.across import across
from ura_study.tables.export import MAKERS, content, explained, frame_of, remarks, sheets
from ura_study.tables.formats.flat import flat
from ura_study.tables.formats.terminal import terminal
from ura_study.tables.names import ENDINGS
from ura_study.tables.sheet import Sheet

BINARY_FORMATS = ("parquet", "excel")


@dataclass(frozen=True)
class Output:
    """Destination and format of a table."""

    form: str | None = None
    """A key of `ENDINGS`; None: from the ending of the file, or Markdown without a file."""
    file: Path | None = None
    """None: standard output."""
    standalone: bool = False
    wide: bool = False
    transpose: bool = False
    explain: bool = False


def export(study: str, table: str, results: Path, options: Mapping[str, object], output: Output) -> int:
    """Write a table of a study, or print the runs behind its cells; return 0.

    Args:
        study: the study's file, its results folder, or its name.
        table: one of `names.TABLES`.
        results: the folder that holds the results folders of studies.
        options: values for keys of the study's `report` section; None: the value of the study.
        output: destination and format. With `explain`, run ids are printed, and the table is written only to a file.

    Raises:
        UserError: where the study, the table, the format or an option is not valid, or nothing is recorded; see also
            `open_done` and `as_data`.
    """
    form = _form(output)
    _check("--table", table, MAKERS)
    opened = open_done(study, results, options)
    tables = MAKERS[table](opened)
    shown = sheets(tables, opened.study.report, opened.study.study)
    if output.explain:
        print(explained(tables, shown), end="")
    if output.file is not None or not output.explain:
        turned = [one.transposed() for one in shown] if output.transpose else shown
        raw = partial(frame_of, table, tables, opened)
        made = content(turned, raw, form, opened.study.study, output.standalone, output.wide)
        _write(made, turned, form, output)
    return 0


def export_all(study: str, table: str | None, results: Path, options: Mapping[str, object], output: Output) -> int:
    """Write all tables and figures of a study, and a LaTeX document that shows them, into a folder; return 0.

    Args:
        study, results, options: as for `export`.
        table: must be None.
        output: the folder as `file`; only `wide` and `transpose` may be set beside it.

    Raises:
        UserError: where there is no folder, or an option that says which table or how, and as `export`.
    """
    from ura_study.report.paper.write import MAIN, write_paper

    if output.file is None:
        raise UserError("--all: needs a folder to write to (-o FOLDER)")
    others = {"table": table, "format": output.form, "standalone": output.standalone, "explain": output.explain}
    if given := [name for name, value in others.items() if value]:
        raise UserError(f"--all: expected no --{given[0]}, since it writes every table as LaTeX and CSV")
    lines = write_paper(output.file, open_done(study, results, options), output.wide, output.transpose)
    for line in lines:
        notice(line)
    print(output.file / MAIN)
    return 0


def compare(
    studies: Sequence[str],
    results: Path,
    options: Mapping[str, object],
    output: Output,
    console: Console,
    page: Path | None = None,
) -> int:
    """Compare the variants of each further study with those of the first, metric by metric; return 0.

    The tables are shown in the terminal unless `output` has a format or a file. `options` are those of `export`. `page`
    is a file for an HTML page of the comparison.

    Raises:
        UserError: for fewer than two studies, and as `export`.
    """
    if len(studies) < 2:
        raise UserError(f"compare: expected two studies or more, but got {len(studies)}")
    form = _form(output)
    first, *others = (open_done(study, results, options) for study in studies)
    names = _names(studies)
    if page is not None:
        from ura_study.report.page.between import write_comparison

        if len(set(names)) < len(names):
            raise UserError(f"compare: --page: expected different studies, but got {', '.join(names)}")
        write_comparison(page, dict(zip(names, (first, *others), strict=True)))
        notice(f"the page is {page}")
    tables = [
        across(first, other, (names[0], name), metric)
        for other, name in zip(others, names[1:], strict=True)
        for metric in first.metrics
    ]
    shown = sheets(tables, first.study.report, "-".join(names))
    if output.form is None and output.file is None:
        for part in shown:
            console.print(terminal(part))
    else:
        made = content(shown, partial(flat, tables), form, " and ".join(names), output.standalone, output.wide)
        _write(made, shown, form, output)
    return 0


def _form(output: Output) -> str:
    """Return the format: as given, or from the ending of the file, or Markdown."""
    formats = {ending: form for form, ending in ENDINGS.items()}
    if output.form is not None:
        form = output.form
        _check("--format", form, ENDINGS)
    elif output.file is not None:
        _check(f"{output.file}: ending", output.file.suffix, formats)
        form = formats[output.file.suffix]
    else:
        form = "markdown"
    if form in BINARY_FORMATS and output.file is None:
        raise UserError(f"--format {form}: needs a file to write to (-o FILE{ENDINGS[form]})")
    return form


def _check(what: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise UserError(f"{what}: expected one of {', '.join(known)}, but got '{name}'{nearest(name, known)}")


def _names(studies: Sequence[str]) -> list[str]:
    """Return the names of the studies' files or folders; the arguments as given if two names are equal."""
    paths = [Path(study).resolve() for study in studies]
    names = [path.stem if path.is_file() else path.name for path in paths]
    return names if len(set(names)) == len(names) else list(studies)


def _write(content: bytes, shown: Sequence[Sheet], form: str, output: Output) -> None:
    """Write the content of a file, or print it; for LaTeX, print hints as notices."""
    if output.file is not None:
        replace(output.file, content)
    else:
        if reconfigure := getattr(sys.stdout, "reconfigure", None):
            reconfigure(encoding="utf-8")  # the same bytes as in a file
        sys.stdout.write(content.decode())
    if form == "latex":
        for line in remarks(shown, content.decode(), output.wide):
            notice(line)
