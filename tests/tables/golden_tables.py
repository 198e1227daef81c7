"""Tables with everything that is hard to set: odd names, failures, ties, marks, intervals, rows from the literature."""

from __future__ import annotations

from ura_study.report.config import ReportSettings
from ura_study.results.cell import Cell
from ura_study.tables.model import Column, Row, Table

SETTINGS = ReportSettings(caption="Ours & theirs: 100 % of {it}, a_b^c ~ #1 $5 \\x")
STUDY = "my_study"

METRIC = Table(
    name="per_category",
    title="AUPRO@0.3",
    stubs=("variant",),
    columns=(
        Column("metal_nut", "metal_nut", better=1),
        Column("a|b <i>", "a|b <i>", better=1),
        Column("(mean)", "mean", better=1),
    ),
    rows=(
        Row(("full",), (Cell((0.9, 0.8)), Cell((0.5, 0.7)), Cell((0.7, 0.75)))),
        Row(("layers=[2, 3]",), (Cell((0.951, 0.96)), Cell((0.5, 0.5)), Cell((0.7255, 0.73), significant=True))),
        Row(("[2] *x* `y` -- é",), (Cell((0.951, 0.9598)), Cell(failed=2, missing=1), Cell(failed=2, missing=1))),
        Row(("{w/o} $x_1$ & \\y",), (Cell(missing=2), Cell((1.0, 1.0)), Cell(missing=2))),
        Row(('<b>"q"</b> 50% ~ ^ #',), (Cell(undefined=2), Cell((0.4,), undefined=1), Cell(undefined=3))),
    ),
    reported=(
        Row(("Patch & Core",), (Cell((0.99,)), Cell(text="–"), Cell((0.987,))), "roth2022"),
        Row(("R|D",), (Cell(text="–"), Cell(text="–"), Cell((0.9,))), "deng2022,tien2023"),
    ),
    notes=("Mean ± standard deviation over 2 seeds.", "*: p < 0.05."),
    kind="share",
    about={"metric": "pixel_aupro"},
)
PARTS = Table(
    name="components",
    title="Parts left out",
    stubs=("variant", "synthesis", "restoration"),
    columns=(Column("image_auroc", "Image AUROC", better=1), Column("parameters", "Parameters", "count")),
    rows=(
        Row(("full", "✓", "✓"), (Cell((0.9,)), Cell((1234567.0,)))),
        Row(("w/o synthesis", "✗", "✓"), (Cell((0.8,)), Cell((1000.0,)))),
        Row(("w/o restoration", "✓", "✗"), (Cell((0.8,), significant=True), Cell(failed=1))),
    ),
    about={"ablation": "my parts"},
)
CHANGE = Table(
    name="comparison",
    title="Image AUROC, difference from full",
    stubs=("variant",),
    columns=(
        Column("difference", "Δ [95% interval]", "points"),
        Column("p", "p", "p"),
        Column("e", "effect", "effect"),
    ),
    rows=(
        Row(
            ("a",),
            (
                Cell((-0.012,), failed=1, partial=True, interval=(-0.02, -0.004), significant=True),
                Cell((0.0004,)),
                Cell((-0.9,)),
            ),
        ),
        Row(("b",), (Cell((0.00001,), partial=True), Cell((1.0,)), Cell((0.0,)))),
        Row(("c",), (Cell(text="no pair"), Cell(text="no pair"), Cell(text="no pair"))),
    ),
    notes=("One pair left out.",),
    about={"metric": "image_auroc"},
)
TABLES = (METRIC, PARTS, CHANGE)
