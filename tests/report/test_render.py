import math

import pytest
from rich.console import Console

from ura_study.metrics.names import METRICS, VALIDATION_METRICS
from ura_study.report.render import TITLES, cell_text, csv, markdown, terminal, title
from ura_study.report.tables import Cell, Table

TABLE = Table(
    metric="pixel_aupro",
    columns=("nut", "[bold]", "mean"),
    rows=(
        ("full", (Cell((0.9, 0.8)), Cell((0.5, 0.7)), Cell((0.7, 0.75)))),
        ("layers=[2, 3]", (Cell((0.951, 0.96)), Cell(failed=2, missing=1), Cell(failed=2, missing=1))),
        ("[red]a|b[/red]", (Cell(missing=2), Cell((0.5, 0.7)), Cell(missing=2, undefined=1))),
        ("w/o x", (Cell(undefined=2), Cell((0.4,), undefined=1), Cell((), undefined=3))),
    ),
    note="mean without [i]nail: pixel_aupro is undefined there",
)


def printed(renderable):
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def test_every_metric_has_a_title():
    assert set(TITLES) == {*METRICS, *VALIDATION_METRICS}
    assert title("image_auroc", 0.3) == "Image AUROC (%)"
    assert title("pixel_aupro", 0.05) == "AUPRO@0.05 (%)"
    assert title("val_image_auroc", 0.3) == "Validation image AUROC (%)"
    assert title("val_pixel_aupro", 0.3) == "Validation AUPRO@0.3 (%)"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Cell((0.5,)), "50.0"),
        (Cell((1.0, 1.0, 1.0)), "100.0 ± 0.0"),
        (Cell((0.5, 0.6)), "55.0 ± 7.1"),
        (Cell((0.5,), failed=1), "1 failed"),
        (Cell((0.5,), missing=2, undefined=1), "2 missing"),
        (Cell((0.5,), undefined=1), "undefined"),
        (Cell(), "undefined"),
    ],
)
def test_cells(cell, text):
    assert cell_text(cell) == text


def test_markdown():
    assert markdown(TABLE, 0.3).splitlines() == [
        "### AUPRO@0.3 (%)",
        "",
        "| variant | nut | [bold] | mean |",
        "| --- | ---: | ---: | ---: |",
        "| full | 85.0 ± 7.1 | **60.0 ± 14.1** | **72.5 ± 3.5** |",
        "| layers=[2, 3] | **95.5 ± 0.6** | 2 failed | 2 failed |",
        "| [red]a\\|b[/red] | 2 missing | **60.0 ± 14.1** | 2 missing |",
        "| w/o x | undefined | undefined | undefined |",
        "",
        "mean without [i]nail: pixel_aupro is undefined there",
    ]


def test_markdown_of_categories_with_bars():
    table = Table("image_ap", ("a|b", "mean"), (("full", (Cell((0.5,)), Cell((0.5,)))),))
    assert "| variant | a\\|b | mean |" in markdown(table, 0.3)


def test_csv():
    frame = csv([TABLE, Table("image_ap", TABLE.columns, TABLE.rows[:1])])
    assert list(frame.columns) == [
        *("metric", "variant", "nut", "nut (std)", "[bold]", "[bold] (std)", "(mean)", "(mean) (std)"),
        *("(failed)", "(missing)", "(undefined)"),
    ]
    assert frame[["metric", "variant"]].values.tolist() == [
        ["pixel_aupro", "full"],
        ["pixel_aupro", "layers=[2, 3]"],
        ["pixel_aupro", "[red]a|b[/red]"],
        ["pixel_aupro", "w/o x"],
        ["image_ap", "full"],
    ]
    assert frame.loc[0, ["nut", "nut (std)", "(mean)"]].tolist() == pytest.approx([0.85, 0.05 * 2**0.5, 0.725])
    assert math.isnan(frame.loc[1, "(mean)"])
    assert frame[["(failed)", "(missing)", "(undefined)"]].values.tolist() == [
        [0, 0, 0],
        [2, 1, 0],
        [0, 2, 1],
        [0, 0, 3],
        [0, 0, 0],
    ]


def test_terminal_shows_names_as_they_are():
    text = printed(terminal(TABLE, 0.3))
    for literal in ("AUPRO@0.3 (%)", "[bold]", "layers=[2, 3]", "[red]a|b[/red]", "[i]nail", "85.0 ± 7.1", "2 failed"):
        assert literal in text


def test_terminal_marks_the_best_and_the_failed():
    drawn = terminal(TABLE, 0.3)
    styles = [[str(cell.style) for cell in column.cells] for column in list(drawn.columns)[1:]]
    assert styles == [["", "bold", "dim", "dim"], ["bold", "red", "bold", "dim"], ["bold", "red", "dim", "dim"]]


def of_means(metric, *means):
    return Table(metric, ("nut", "mean"), tuple((f"v{m}", (Cell((m,)), Cell((m,)))) for m in means))


@pytest.mark.parametrize(
    ("metric", "bold"),
    [
        ("val_image_ap", ["**50.0**"]),
        ("val_ece", ["**20.0**"]),
        ("val_brier", ["**20.0**"]),
        ("val_epistemic_border", []),
    ],
)
def test_the_best_is_the_largest_or_the_smallest_or_none(metric, bold):
    text = markdown(of_means(metric, 0.2, 0.5, 0.3), 0.3)
    assert sorted({word for word in text.split() if word.startswith("**")}) == bold
