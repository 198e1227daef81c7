"""What `ura-study export` and `ura-study compare` do: from paths to an exit code. Nothing is run, no image is read."""

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
    """Where to, and in which form."""

    form: str | None = None
    """A key of `ENDINGS`; None: what the file's ending says, else Markdown."""
    file: Path | None = None
    """None: standard output."""
    standalone: bool = False
    wide: bool = False
    transpose: bool = False
    explain: bool = False


def export(study: str, table: str, results: Path, options: Mapping[str, object], output: Output) -> int:
    """Write one of a study's tables, or say which runs are behind its cells.

    Args:
        options: keys of the study's `report` section that take other values here; None: as the study has it.
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


def compare(
    studies: Sequence[str], results: Path, options: Mapping[str, object], output: Output, console: Console
) -> int:
    """Set the variants of each further study against those of the first, in the terminal unless `output` says more."""
    if len(studies) < 2:
        raise UserError(f"compare: expected two studies or more, but got {len(studies)}")
    form = _form(output)
    first, *others = (open_done(study, results, options) for study in studies)
    names = _names(studies)
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
    """Return the format that is asked for, or that the file's ending says."""
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
    """Return the names of studies by their files or folders; whole paths where those are alike."""
    paths = [Path(study).resolve() for study in studies]
    names = [path.stem if path.is_file() else path.name for path in paths]
    return names if len(set(names)) == len(names) else list(studies)


def _write(content: bytes, shown: Sequence[Sheet], form: str, output: Output) -> None:
    """Write what was made of sheets, and say what to know of LaTeX."""
    if output.file is not None:
        replace(output.file, content)
    else:
        if reconfigure := getattr(sys.stdout, "reconfigure", None):
            reconfigure(encoding="utf-8")  # that of the file, whatever the terminal's
        sys.stdout.write(content.decode())
    if form == "latex":
        for line in remarks(shown, content.decode(), output.wide):
            notice(line)
