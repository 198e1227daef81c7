import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ura_study.metrics.names import METRICS, UNCERTAINTY_METRICS, VALIDATION_METRICS
from ura_study.report.config import ReportSettings
from ura_study.results.cell import Cell
from ura_study.results.names import counted, title
from ura_study.tables.model import Column, Row, Table
from ura_study.tables.sheet import number, sheet

PERCENT, FRACTION = ReportSettings(), ReportSettings(unit="fraction")


def table_of(*cells, kind="share", **fields):
    """A table of one column."""
    rows = tuple(Row((f"v{i}",), (cell,)) for i, cell in enumerate(cells))
    keys = {"name": "per_category", "title": "T", "stubs": ("variant",), "rows": rows}
    return Table(**keys | {"columns": (Column("c", "nut", kind, better=int(kind == "share")),)} | fields)


def cells_of(table, settings=PERCENT):
    return [line.cells[0] for line in sheet(table, settings, "example").lines]


def test_every_metric_has_a_title():
    assert all(title(name, 0.3) for name in METRICS + UNCERTAINTY_METRICS + VALIDATION_METRICS)
    assert title("image_auroc", 0.3) == "Image AUROC"
    assert title("pixel_aupro", 0.05) == "AUPRO@0.05"
    assert title("val_image_auroc", 0.3) == "Validation image AUROC"
    assert title("val_pixel_aupro", 0.3) == "Validation AUPRO@0.3"


@pytest.mark.parametrize(
    ("count", "word", "text"), [(1, "seed", "1 seed"), (0, "pair", "0 pairs"), (2, "category", "2 categories")]
)
def test_counted(count, word, text):
    assert counted(count, word) == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (Cell((0.5,)), "50.0"),
        (Cell((1.0, 1.0, 1.0)), "100.0 ± 0.0"),
        (Cell((0.5, 0.6)), "55.0 ± 7.1"),
        (Cell((0.5, 0.6), significant=True), "55.0 ± 7.1*"),
        (Cell((0.5,), failed=1), "1 failed"),
        (Cell((0.5,), missing=2, undefined=1), "2 missing"),
        (Cell((0.5,), undefined=1), "undefined"),
        (Cell(), "undefined"),
        (Cell(text="–"), "–"),
    ],
)
def test_cells(cell, text):
    assert cells_of(table_of(cell))[0].text == text


def test_an_incomplete_cell_has_no_numbers():
    cell = Cell((0.5, 0.6), failed=1)
    assert math.isnan(cell.mean)
    assert math.isnan(cell.std)
    assert Cell((0.5,), failed=1, partial=True).mean == 0.5


@pytest.mark.parametrize(
    ("value", "kind", "percent", "fraction"),
    [
        (0.12345, "share", "12.3", "0.123"),
        (-0.012, "points", "−1.2", "−0.012"),
        (0.012, "points", "+1.2", "+0.012"),
        (-0.0001, "points", "0.0", "0.000"),
        (0.0004, "p", "<0.001", "<0.001"),
        (0.04, "p", "0.040", "0.040"),
        (-0.5, "effect", "−0.50", "−0.50"),
        (12.34, "seconds", "12.3", "12.3"),
        (1234567.0, "count", "1,234,567", "1,234,567"),
    ],
)
def test_numbers(value, kind, percent, fraction):
    assert (number(value, kind, PERCENT), number(value, kind, FRACTION)) == (percent, fraction)


def test_digits():
    assert number(0.98765, "share", ReportSettings(digits=2)) == "98.77"
    assert number(0.98765, "share", ReportSettings(digits=0)) == "99"


def test_intervals():
    cell = Cell((0.01,), interval=(-0.005, 0.02))
    assert cells_of(table_of(cell, kind="points"))[0].text == "+1.0 [−0.5, +2.0]"


def test_a_size_that_never_varies_has_no_deviation():
    same, varying = cells_of(table_of(Cell((1000.0, 1000.0)), Cell((1000.0, 1002.0)), kind="count"))
    assert (same.text, varying.text) == ("1,000", "1,001 ± 1")


@pytest.mark.parametrize(
    ("values", "ranks"),
    [
        ([0.9, 0.8, 0.7], [1, 2, 0]),
        ([0.9, 0.9, 0.8], [1, 1, 2]),
        ([0.9, 0.90001, 0.8, 0.8], [1, 1, 2, 2]),  # look the same
        ([0.9, 0.9], [0, 0]),
        ([0.9], [0]),
        ([0.9, None, 0.8], [1, 0, 2]),
        ([None, None], [0, 0]),
    ],
)
def test_ranks(values, ranks):
    cells = [Cell(failed=1) if value is None else Cell((value,)) for value in values]
    assert [cell.rank for cell in cells_of(table_of(*cells))] == ranks


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_the_best_is_never_below_another(values):
    shown = cells_of(table_of(*(Cell((value,)) for value in values)))
    best = [float(cell.main) for cell in shown if cell.rank == 1]
    assert len(set(best)) == (1 if len({cell.main for cell in shown}) > 1 else 0)
    assert all(float(cell.main) <= best[0] for cell in shown if best)


def test_reported_rows_are_not_ranked():
    reported = (Row(("PatchCore",), (Cell((0.99,)),), "roth2022"),)
    shown = sheet(table_of(Cell((0.9,)), Cell((0.8,)), reported=reported), PERCENT, "example")
    assert [line.cells[0].rank for line in shown.lines] == [1, 2]
    assert (shown.reported[0].cells[0].rank, shown.reported[0].citation) == (0, "roth2022")


def test_units_stand_in_the_headings_or_where_all_is_alike_in_the_title():
    mixed = table_of(Cell((0.5,)))
    alike = dataclasses.replace(mixed, kind="share")
    titles = [(sheet(t, u, "x").title, sheet(t, u, "x").headings) for t in (mixed, alike) for u in (PERCENT, FRACTION)]
    assert titles == [
        ("T", (("nut (%)", None),)),
        ("T", (("nut", None),)),
        ("T (%)", (("nut", None),)),
        ("T", (("nut", None),)),
    ]


@pytest.mark.parametrize(
    ("keys", "alone", "caption", "label"),
    [
        ({}, True, "T.", "tab:my-per-category-a-b"),
        ({}, False, "T.", "tab:my-per-category-a-b"),
        ({"caption": "Mine.", "label": "t:x"}, True, "Mine.", "t:x"),
        ({"caption": "Mine", "label": "t:x"}, False, "Mine. T.", "t:x-per-category-a-b"),
        ({"caption": "Mine?"}, True, "Mine?", "tab:my-per-category-a-b"),
    ],
)
def test_caption_and_label(keys, alone, caption, label):
    shown = sheet(table_of(Cell((0.5,)), about={"ablation": "a: b"}), ReportSettings(**keys), "my", alone)
    assert (shown.caption, shown.label) == (caption, label)


def test_transposed():
    columns = (Column("a", "nut", better=1), Column("b", "bolt", better=1))
    rows = tuple(Row((f"v{i}",), (Cell((i / 4,)), Cell((i / 5,)))) for i in (1, 2))
    reported = (Row(("PatchCore",), (Cell((0.99,)), Cell(text="–")), "roth2022"),)
    table = Table("per_category", "T", ("variant",), columns, rows, reported)
    turned = sheet(table, PERCENT, "x").transposed()
    assert turned.headings == (("v1", None), ("v2", None), ("PatchCore", "roth2022"))
    assert [(line.labels, [cell.text for cell in line.cells]) for line in turned.lines] == [
        (("nut (%)",), ["25.0", "50.0", "99.0"]),
        (("bolt (%)",), ["20.0", "40.0", "–"]),
    ]
    assert [cell.rank for cell in turned.lines[0].cells] == [2, 1, 0]
    assert turned.reported == ()
