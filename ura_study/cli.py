"""The command line, nothing else: arguments in, exit code out.

Exit codes: 0 all is done, 1 some runs failed, 2 the input is not as it must be, 3 a bug, 130 stopped by the user.

This module is long because it defines all commands, each with its options.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ura_study import __version__
from ura_study.errors import STOPPED, UserError
from ura_study.output import notice, tolerant
from ura_study.tables.names import ENDINGS, TABLES

if TYPE_CHECKING:
    from rich.console import Console

#: Columns of tables that are printed into a file.
PIPE_WIDTH = 200

BAD_INPUT, BUG = 2, 3


class _Commands(TyperGroup):
    """All commands; an interrupted one is `typer.Abort`, of which some versions of typer say nothing otherwise."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Abort from None


app = typer.Typer(
    cls=_Commands,
    help="Run hyperparameter and ablation studies of URA-Net, an image anomaly detector.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

StudyFile = Annotated[Path, typer.Argument(help="The study: a YAML file.", show_default=False)]
Results = Annotated[Path, typer.Option(help="Folder that holds one folder per study.")]
Recorded = Annotated[str, typer.Argument(help="A study's file, folder or name.", show_default=False)]
Form = Annotated[
    str | None, typer.Option("--format", help=f"One of {', '.join(ENDINGS)}; default: by the file's ending.")
]
Metrics = Annotated[list[str] | None, typer.Option(help="Metric to show; may be given again.", show_default=False)]
OutputFile = Annotated[Path | None, typer.Option("--output", "-o", help="File to write.", show_default=False)]
Standalone = Annotated[
    bool, typer.Option("--standalone", help="A whole document (LaTeX, HTML) instead of a table to include.")
]
Wide = Annotated[bool, typer.Option("--wide", help="LaTeX: across both columns of a paper (table*).")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ura-study {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command()
def run(
    study: StudyFile,
    results: Results = Path("results"),
    address: Annotated[
        str | None, typer.Option(help="Ray cluster to use, e.g. 'auto'; default: RAY_ADDRESS, else this machine.")
    ] = None,
    wait_for_resources: Annotated[
        bool, typer.Option("--wait-for-resources", help="Wait where no machine of the cluster can hold a run yet.")
    ] = False,
) -> None:
    """Run a study, or what is left of it, and print its tables."""
    from ura_study.commands import run

    raise typer.Exit(run.run(study, results, address, wait_for_resources, _console()))


@app.command()
def plan(
    study: StudyFile,
    results: Results = Path("results"),
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Do one missing run to learn how long they take.")
    ] = False,
) -> None:
    """Show the variants and runs of a study, what is recorded and how long the rest takes."""
    from ura_study.commands import plan

    raise typer.Exit(plan.plan(study, results, calibrate, _console()))


@app.command()
def status(
    study: Annotated[str | None, typer.Argument(help="A study's file, folder or name; default: all.")] = None,
    results: Results = Path("results"),
) -> None:
    """Show how far a study is, its best variants and its failures; it may be running elsewhere."""
    from ura_study.commands import status

    raise typer.Exit(status.status(study, results, _console()))


@app.command()
def board(
    study: Annotated[str | None, typer.Argument(help="A study's file, folder or name; default: all.")] = None,
    results: Results = Path("results"),
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the server; default: a free one from 6006.")
    ] = None,
) -> None:
    """Show curves, metrics and hyperparameters in TensorBoard, also while the study runs; Ctrl-C ends it."""
    from ura_study.commands import board

    raise typer.Exit(board.board(study, results, port, _console()))


@app.command()
def report(
    study: Recorded,
    output: OutputFile = None,
    results: Results = Path("results"),
) -> None:
    """Write a study's report, one HTML file that needs nothing else, as far as the study is."""
    from ura_study.commands import report

    raise typer.Exit(report.report(study, results, output, _console()))


@app.command()
def model(
    study: Recorded,
    variant: Annotated[str, typer.Argument(help="One of its variants, such as 'full'.", show_default=False)],
    category: Annotated[str, typer.Argument(help="One of its categories.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.", show_default=False)],
    seed: Annotated[int | None, typer.Option(help="Default: the study's first.", show_default=False)] = None,
    results: Results = Path("results"),
) -> None:
    """Write the detector of a run to a file, to score new images with; what is trained is not trained again."""
    from ura_study.commands import model

    raise typer.Exit(model.model(study, variant, category, seed, output, results, _console()))


@app.command()
def predict(
    file: Annotated[Path, typer.Argument(metavar="MODEL", help="A file that `model` wrote.", show_default=False)],
    images: Annotated[Path, typer.Argument(help="A folder of images.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.", show_default=False)],
) -> None:
    """Score the images of a folder with a saved detector: scores.csv, and each anomaly map over its image."""
    from ura_study.commands import model

    raise typer.Exit(model.predict(file, images, output, _console()))


@app.command()
def latency(
    study: Recorded,
    results: Results = Path("results"),
    again: Annotated[bool, typer.Option("--again", help="Measure also what was measured on this machine.")] = False,
) -> None:
    """Measure how long each different detector of a study takes for an image, alone on the machine."""
    from ura_study.commands import latency

    raise typer.Exit(latency.latency(study, results, again, _console()))


@app.command()
def cache(
    clear: Annotated[str | None, typer.Option(help="Remove a kind of what is shown, or 'all'.")] = None,
) -> None:
    """Show what the cache folder holds and how large it is, or clear it."""
    from ura_study.commands import cache

    raise typer.Exit(cache.cache(clear, _console()))


@app.command()
def cluster(
    kind: Annotated[str, typer.Argument(help="slurm, kuberay, ray-up or docker.", show_default=False)],
    output: OutputFile = None,
) -> None:
    """Print a commented file that brings a study to Slurm, Kubernetes, machines by SSH, or into a container."""
    from ura_study.commands import cluster

    raise typer.Exit(cluster.cluster(kind, output, _console()))


@app.command()
def schema(
    plugin: Annotated[
        list[str] | None, typer.Option(help="A module or .py file whose settings are to be in it.", show_default=False)
    ] = None,
    output: OutputFile = None,
) -> None:
    """Print the JSON schema of study files, by which editors complete keys and mark mistakes."""
    from ura_study.commands import schema

    raise typer.Exit(schema.schema(plugin or [], output, _console()))


data_app = typer.Typer(help="Look at data sets: what is supported, and whether a folder is as it should be.")
app.add_typer(data_app, name="data", no_args_is_help=True)


@data_app.command("check")
def data_check(
    layout: Annotated[str, typer.Argument(help="A layout (see `data list`) or a study file.", show_default=False)],
    root: Annotated[Path | None, typer.Argument(help="The data set's folder.", show_default=False)] = None,
) -> None:
    """Count and check all images and masks of a data set; exit code 1 where something would spoil results."""
    from ura_study.commands import data

    raise typer.Exit(data.check(layout, root, _console()))


@data_app.command("list")
def data_list() -> None:
    """Show the supported data sets with licence, source, size and citation."""
    from ura_study.commands import data

    raise typer.Exit(data.listing(_console()))


@app.command()
def export(
    study: Recorded,
    table: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(TABLES)}; default: per_category.", show_default=False)
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Into a folder (-o): every table and figure, and a LaTeX document of them.")
    ] = False,
    form: Form = None,
    metric: Metrics = None,
    output: OutputFile = None,
    results: Results = Path("results"),
    standalone: Standalone = False,
    wide: Wide = False,
    transpose: Annotated[bool, typer.Option("--transpose", help="A column for each variant.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="List the run ids behind each cell.")] = False,
    unit: Annotated[str | None, typer.Option(help="percent or fraction.")] = None,
    digits: Annotated[int | None, typer.Option(help="Digits of metrics behind the point.")] = None,
    caption: Annotated[str | None, typer.Option(help="Caption of the table.")] = None,
    label: Annotated[str | None, typer.Option(help="LaTeX label of the table.")] = None,
    baseline: Annotated[str | None, typer.Option(help="Variant with which the others are compared.")] = None,
    reported: Annotated[
        Path | None, typer.Option(help="YAML or CSV file with rows from the literature.", show_default=False)
    ] = None,
) -> None:
    """Write a table of a study, or all, from its records, as LaTeX, Markdown, HTML, CSV, Parquet or Excel."""
    from ura_study.commands import export

    options: dict[str, object] = {"unit": unit, "digits": digits, "caption": caption, "label": label}
    options |= {"baseline": baseline, "metrics": metric, "reported": None if reported is None else str(reported)}
    place = export.Output(form, output, standalone, wide, transpose, explain)
    if every:
        raise typer.Exit(export.export_all(study, table, results, options, place))
    raise typer.Exit(export.export(study, table or "per_category", results, options, place))


@app.command()
def compare(
    studies: Annotated[list[str], typer.Argument(help="Files, folders or names of studies.", show_default=False)],
    form: Form = None,
    metric: Metrics = None,
    output: OutputFile = None,
    results: Results = Path("results"),
    standalone: Standalone = False,
    wide: Wide = False,
    page: Annotated[Path | None, typer.Option(help="HTML file for a page of it.", show_default=False)] = None,
) -> None:
    """Compare the same variants across studies: what moved, beyond noise?"""
    from ura_study.commands import export

    place = export.Output(form, output, standalone, wide)
    raise typer.Exit(export.compare(studies, results, {"metrics": metric}, place, _console(), page))


def _console() -> Console:
    """Return the console to print on; a file or a pipe has no width of its own, so it gets a generous one."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=PIPE_WIDTH)


def main() -> None:
    """Entry point of `ura-study`."""
    with tolerant() as (out, _):
        code = _guarded()
        out.flush()
        if out.error is not None and out.error.errno != errno.EPIPE:  # the reader of the pipe has gone: nothing is lost
            notice(f"the output could not be written ({out.error.strerror})")
            code = code or BAD_INPUT
    sys.exit(code)


def _guarded() -> int:
    try:
        return app(standalone_mode=False) or 0
    except UserError as error:
        notice(str(error))
        return BAD_INPUT
    except (typer.Abort, KeyboardInterrupt):
        notice("stopped; the same command continues")
        return STOPPED
    except Exception as error:  # noqa: BLE001 - a bug, told with its traceback
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            notice(f"{str(error.filename)[:80]}…: this path is too long for the file system")
            return BAD_INPUT
        if (show := getattr(error, "show", None)) is not None:  # a wrong argument: click's own one-line message
            show()
            return BAD_INPUT
        traceback.print_exc()
        return BUG
