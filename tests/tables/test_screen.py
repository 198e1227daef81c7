import pytest
from hand_made import ABLATIONS, done, job_of, make_study, plan_of
from rich.console import Console

from ura_study.report.config import ReportSettings
from ura_study.results.cell import Cell
from ura_study.results.results import Results
from ura_study.tables.formats.terminal import terminal
from ura_study.tables.model import Column, Row, Table
from ura_study.tables.screen import show_tables
from ura_study.tables.sheet import sheet

TABLE = Table(
    name="per_category",
    title="AUPRO@0.3",
    stubs=("variant",),
    columns=(Column("nut", "nut", better=1), Column("[bold]", "[bold]", better=1)),
    rows=(
        Row(("full",), (Cell((0.9, 0.8)), Cell((0.5, 0.7)))),
        Row(("layers=[2, 3]",), (Cell((0.951, 0.96)), Cell(failed=2, missing=1))),
        Row(("[red]a|b[/red]",), (Cell(missing=2), Cell((0.5, 0.6)))),
        Row(("w/o x",), (Cell(undefined=2), Cell((0.4,), undefined=1))),
    ),
    reported=(Row(("Patch[i]Core",), (Cell((0.99,)), Cell(text="–")), "roth2022"),),
    notes=("Mean without [i]nail.",),
    kind="share",
)


def drawn():
    return terminal(sheet(TABLE, ReportSettings(), "example"))


def printed(show, width=120):
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        show(console)
    return capture.get()


def test_names_are_shown_as_they_are():
    text = printed(lambda console: console.print(drawn()))
    literals = ("AUPRO@0.3 (%)", "[bold]", "layers=[2, 3]", "[red]a|b[/red]", "[i]nail", "85.0 ± 7.1", "2 failed")
    for literal in (*literals, "Patch[i]Core [roth2022]"):
        assert literal in text


def test_the_best_and_the_failed_are_marked():
    styles = [[str(cell.style) for cell in column.cells] for column in list(drawn().columns)[1:]]
    assert styles == [["", "bold", "dim", "dim", "dim"], ["bold", "red", "", "dim", "dim"]]


@pytest.fixture
def results():
    study = make_study(ablations=ABLATIONS, seeds=[0, 1], report={"metrics": ["image_auroc", "pixel_ap"]})
    plan = plan_of(study, *(f"category {i}" for i in range(8)))
    jobs = [job_of(study, plan, *cell) for cell in plan.cells]
    return Results(study, plan, {job.run_id: done(job, 0.5 + job.seed / 10) for job in jobs})


def test_a_wide_window_has_all_categories_and_the_first_comparison(results):
    text = printed(lambda console: show_tables(results, console), 160)
    assert [text.count(word) for word in ("category 7", "Pixel AP (%)", "difference from full")] == [2, 1, 1]
    assert "…" not in text


def test_a_narrow_window_has_the_means(results):
    text = printed(lambda console: show_tables(results, console), 100)
    assert [text.count(word) for word in ("category 7", "Means over categories", "difference from full")] == [0, 1, 1]
    assert text.startswith("this window is too narrow for all categories: they are in per_category.md")
    assert "…" not in text
