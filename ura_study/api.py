"""Studies from Python: run one, or open its results.

import ura_study
results = ura_study.run("studies/quickstart.yaml")
results.frame()                                    # a row per run, a pandas.DataFrame
results.table("per_category", metric="pixel_ap").to_latex()
results.figure("differences-image_auroc").save("differences.pdf")

This module is long because it is the whole public interface of studies, with docstrings for users.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from ura_study.cache import replace
from ura_study.commands import run as command
from ura_study.errors import STOPPED, ConfigError, nearest
from ura_study.opening import open_given, open_study
from ura_study.report.drawing.drawn import Drawn, encoded
from ura_study.report.figures.registry import drawn_of
from ura_study.results import results as recorded
from ura_study.results.frame import tidy
from ura_study.results.opening import open_recorded
from ura_study.runs.record import Record
from ura_study.tables.export import MAKERS, as_data, as_text, frame_of, sheets
from ura_study.tables.model import Table
from ura_study.tables.names import ENDINGS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as MatplotlibFigure


def run(
    study: str | Path | Mapping[str, Any],
    *,
    results: str | Path = "results",
    address: str | None = None,
    wait: bool = False,
    show: bool = False,
) -> Results:
    """Run what is not yet recorded of a study, write its tables, figures and report, and return its results.

    Args:
        study: the path of a study file, or its content as a mapping, with paths relative to the current folder.
        results: the folder that holds a folder for each study.
        address: a running Ray cluster that this machine is part of (`auto`, `host:port`); None: this machine alone.
        wait: where no machine is large enough for one run, wait for one to join.
        show: print progress and tables, as the command does.

    Raises:
        ConfigError: where a key is not as it must be.
        DataError: where folders, images or masks are not.
        ResourceError: where the disk is full, the cluster cannot be reached, or another process runs the study.
        KeyboardInterrupt: where it was stopped; calling it again continues.

    A run that failed raises nothing: see `Results.failures`.
    """
    opened, plan = open_given(study) if isinstance(study, Mapping) else open_study(Path(study))
    code = command.run_opened(opened, plan, Path(results), address, wait, Console(quiet=not show))
    if code == STOPPED:
        raise KeyboardInterrupt
    return open_results(opened.study, results=results)


def open_results(study: str | Path, *, results: str | Path = "results") -> Results:
    """Return the results that a study has so far; no image is read.

    Args:
        study: its folder of results, its name, or its file, whose ablations and `report` section then count as they are
            now.
        results: the folder that holds a folder for each study.

    Raises:
        ConfigError: where there is no such study.
        DataError: where what lies in its folder cannot be read.
    """
    opened = open_recorded(str(study), Path(results), {})
    return Results(**{field.name: getattr(opened, field.name) for field in fields(opened)})


class Results(recorded.Results):
    """A study with all that is recorded of it.

    Beside the methods below: `study` (its settings), `plan` (variants and runs), `records` (by run id), `folder`,
    `search` (what its search has tried, if it has one) and `metrics` (names of its report's metrics).
    """

    @property
    def failures(self) -> list[Record]:
        """The records of runs that failed, with why (`record.failure`)."""
        return [record for record in self.records.values() if not record.done]

    def frame(self) -> pd.DataFrame:
        """Return a row per (variant, category, seed) that is recorded, metrics as fractions (see `results.csv`)."""
        return tidy(self.plan, self.records)

    def table(self, name: str, *, metric: str | None = None, ablation: str | None = None) -> StudyTable:
        """Return one of the tables that `ura-study export` makes.

        Args:
            name: `summary`, `per_category`, `components`, `sweep`, `cost`, `comparison`, `test_set`, `search`,
                `runs` or `images`.
            metric: for a kind with one table per metric, the metric to return; None: all tables, one below another.
            ablation: likewise for a kind with one table per ablation.

        Raises:
            ConfigError: where there is no such table.
        """
        if name not in MAKERS:
            raise ConfigError(f"expected one of {', '.join(MAKERS)}, but got '{name}'{nearest(name, MAKERS)}")
        wanted = {key: value for key, value in (("metric", metric), ("ablation", ablation)) if value is not None}
        made = MAKERS[name](self)
        found = tuple(t for t in made if all(t.about.get(key) == value for key, value in wanted.items()))
        if not found:
            known = [value for t in made for value in t.about.values()]
            asked = " and ".join(f"{key} '{value}'" for key, value in wanted.items())
            raise ConfigError(f"table {name}: none of {asked}; there are {', '.join(known) or 'none of either'}")
        return StudyTable(name, found, self)

    def figures(self) -> Iterator[Figure]:
        """Draw and yield all figures that apply to the study; those of its search and its pictures come last."""
        return map(Figure, drawn_of(self))

    def figure(self, name: str) -> Figure:
        """Return the figure of a name, such as `differences-image_auroc` (those of the files in `figures/`).

        Raises:
            ConfigError: where there is none.
        """
        seen = []
        for figure in self.figures():
            if figure.name == name:
                return figure
            seen.append(figure.name)
        raise ConfigError(f"no figure '{name}'{nearest(name, seen)}; there are {', '.join(seen) or 'none'}")


@dataclass(frozen=True)
class StudyTable:
    """One table of a study, or several of a kind below each other."""

    name: str
    tables: tuple[Table, ...]
    results: recorded.Results

    def to_frame(self) -> pd.DataFrame:
        """Return raw numbers: shares are fractions. Of `runs`, `search` and `images` all that is recorded."""
        return frame_of(self.name, self.tables, self.results)

    def to_latex(self, *, standalone: bool = False, wide: bool = False, transposed: bool = False) -> str:
        """Return LaTeX for booktabs; `standalone` a document, `wide` across both columns of a paper."""
        return self._text("latex", standalone, wide, transposed)

    def to_markdown(self, *, transposed: bool = False) -> str:
        """Return Markdown."""
        return self._text("markdown", transposed=transposed)

    def to_html(self, *, transposed: bool = False) -> str:
        """Return HTML; a notebook shows it."""
        return self._text("html", transposed=transposed)

    def save(self, path: str | Path) -> None:
        """Write the table to a file, in the format of its ending: .tex, .md, .html, .csv, .parquet or .xlsx.

        Raises:
            ConfigError: for another ending.
        """
        forms = {ending: form for form, ending in ENDINGS.items()}
        if (ending := Path(path).suffix) not in forms:
            raise ConfigError(f"{path}: expected one of {', '.join(forms)} as ending, but got '{ending}'")
        form = forms[ending]
        as_numbers = form in ("csv", "parquet", "excel")
        replace(Path(path), as_data(self.to_frame(), form) if as_numbers else self._text(form))

    def _text(self, form: str, standalone: bool = False, wide: bool = False, transposed: bool = False) -> str:
        study = self.results.study
        shown = sheets(self.tables, study.report, study.study)
        turned = [sheet.transposed() for sheet in shown] if transposed else shown
        return as_text(turned, form, study.study, standalone, wide).decode()

    def _repr_html_(self) -> str:
        return self.to_html()

    def __str__(self) -> str:
        return self.to_markdown()


@dataclass(frozen=True)
class Figure:
    """A figure with its caption."""

    drawn: Drawn

    @property
    def name(self) -> str:
        return self.drawn.name

    @property
    def caption(self) -> str:
        """What it shows, units, what bars and bands mean, how many, and what was left out."""
        return self.drawn.caption

    @property
    def figure(self) -> MatplotlibFigure:
        """The matplotlib figure."""
        return self.drawn.figure

    def save(self, path: str | Path) -> None:
        """Write the figure as .svg, .pdf or .png, the same bytes each time.

        Raises:
            ConfigError: for another ending.
        """
        save = {f".{kind}": partial(encoded, self.drawn, kind) for kind in ("svg", "pdf", "png")}
        if (ending := Path(path).suffix) not in save:
            raise ConfigError(f"{path}: expected one of {', '.join(save)} as ending, but got '{ending}'")
        replace(Path(path), save[ending]())

    def _repr_png_(self) -> bytes:
        return encoded(self.drawn, "png")
