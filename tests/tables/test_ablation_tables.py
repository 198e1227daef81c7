import pytest
from hand_made import done, job_of, make_study, plan_of

from ura_study.errors import ConfigError
from ura_study.results.results import Results
from ura_study.results.statistics import LEAST_UNITS
from ura_study.tables.ablation_tables import components, sweeps

METRIC = "image_auroc"
PARTS = ["model.synthesis", "model.perception", "model.restoration"]


def results_of(ablations, **sections):
    """Every run of variant number i gives i / 100."""
    study = make_study(ablations=ablations, report={"metrics": [METRIC]}, **sections)
    plan = plan_of(study)
    records = {}
    for i, variant in reversed(list(enumerate(plan.variants))):
        job = job_of(study, plan, variant.name)
        records[job.run_id] = done(job, i / 100)
    return Results(study, plan, records)


def labels(table):
    return [row.labels for row in table.rows]


def test_components_show_which_parts_are_there():
    (table,) = components(results_of({"parts": {"leave_one_out": PARTS}}))
    assert table.stubs == ("variant", "synthesis", "perception", "restoration")
    assert labels(table) == [
        ("full", "✓", "✓", "✓"),
        ("w/o synthesis", "✗", "✓", "✓"),
        ("w/o perception", "✓", "✗", "✓"),
        ("w/o restoration", "✓", "✓", "✗"),
    ]
    assert [row.cells[0].mean for row in table.rows] == [0.0, 0.01, 0.02, 0.03]


def test_a_sweep_has_the_baselines_value_in_its_place():
    (table,) = sweeps(results_of({"s": {"sweep": {"model.synthesis.strength": [4.0, 0.25]}}}))
    assert table.stubs == ("strength",)
    assert labels(table) == [("0.25",), ("1.0 (full)",), ("4.0",)]
    assert [row.cells[0].mean for row in table.rows] == [0.02, 0.0, 0.01]


def test_a_sweep_that_holds_the_baselines_value_has_it_once():
    (table,) = sweeps(results_of({"s": {"sweep": {"model.synthesis.strength": [0.25, 1.0, 4.0]}}}))
    assert labels(table) == [("0.25",), ("1.0",), ("4.0",)]


def test_a_sweep_over_several_keys_is_several_tables():
    ablation = {"sweep": {"features.layers": [[2], [2, 3]], "model.restoration.depth": [2]}}
    layers, depth = sweeps(results_of({"s": ablation}))
    assert labels(layers) == [("[1, 2, 3] (full)",), ("[2]",), ("[2, 3]",)]
    assert labels(depth) == [("1 (full)",), ("2",)]
    assert (layers.about, depth.about) == ({"ablation": "s: layers"}, {"ablation": "s: depth"})


def test_a_grid_is_one_table():
    (table,) = sweeps(
        results_of({"g": {"grid": {"features.layers": [[2], [2, 3]], "model.restoration.depth": [1, 2]}}})
    )
    assert table.stubs == ("layers", "depth")
    assert labels(table) == [
        ("[1, 2, 3] (full)", "1 (full)"),
        ("[2]", "1"),
        ("[2]", "2"),
        ("[2, 3]", "1"),
        ("[2, 3]", "2"),
    ]


def test_a_detector_and_a_value_below_a_part_that_is_off():
    model = {"synthesis": False}
    ablations = {"m": {"sweep": {"model": [{"name": "patchcore", "coreset": 0.25}]}}}
    (table,) = sweeps(results_of(ablations, base={"model": model}))
    assert labels(table) == [("uranet (full)",), ("patchcore(coreset=0.25)",)]


def test_variants_that_an_earlier_ablation_named_are_there():
    sweep = {"sweep": {"model.synthesis.strength": [0.25, 4.0]}}
    first, second = sweeps(results_of({"a": sweep, "b": sweep}))
    assert labels(first) == labels(second)
    assert [table.about["ablation"] for table in (first, second)] == ["a", "b"]


def test_parts_added_one_after_another():
    """Run numbers: 0 full, 1 none, 2 without restoration; the line after a dash is set against the one above it."""
    (table,) = components(results_of({"up": {"add_one_in": PARTS}}))
    assert table.stubs == ("parts",)
    assert labels(table) == [("none",), ("+ synthesis",), ("+ perception",), ("+ restoration (full)",)]
    assert [column.heading for column in table.columns] == ["Image AUROC", "Δ"]
    (none, first), refused, (two, second), (full, third) = (row.cells for row in table.rows)
    assert [cell.mean for cell in (none, two, full)] == [0.01, 0.02, 0.0]
    assert [first.text, *(cell.text for cell in refused)] == ["–"] * 3
    assert [second.mean, third.mean] == pytest.approx([0.01, -0.02])
    assert table.notes[-2:] == (
        "Δ: mean difference from the line above, or from the nearest one above that is not left out; fewer than "
        f"{LEAST_UNITS} units have no interval.",
        "–: w/o perception, restoration cannot be (model: restoration and perception are both off, so nothing learns "
        "from synthesis; with synthesis: false, too, the score is the distance to the mean).",
    )


def test_a_factorial_marks_what_is_there():
    (table,) = components(results_of({"all": {"factorial": PARTS}}))
    assert table.stubs == ("synthesis", "perception", "restoration")
    assert ["".join(row.labels) for row in table.rows] == ["–––", "✓––", "–✓–", "––✓", "✓✓–", "✓–✓", "–✓✓", "✓✓✓"]
    assert [row.cells[0].text for row in table.rows] == ["", "–", *[""] * 6]
    assert [row.cells[0].mean for row in table.rows if not row.cells[0].text] == [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0]


def test_a_combination_that_a_grid_leaves_out_has_a_dash_in_its_place():
    grid = {"model.perception": [True, False], "model.restoration": [False, {"depth": 2}]}
    (table,) = sweeps(results_of({"g": {"grid": grid}}))
    assert [(*row.labels, row.cells[0].text) for row in table.rows] == [
        ("true (full)", "true (full)", ""),
        ("true", "false", ""),
        ("true", "{depth:2}", ""),
        ("false", "false", "–"),
        ("false", "{depth:2}", ""),
    ]
    assert table.notes[-1].startswith("–: perception=false, restoration=false cannot be (model: restoration and ")


def test_without_such_an_ablation():
    with pytest.raises(
        ConfigError,
        match="study 'example': a table of components needs a leave_one_out, add_one_in or factorial ablation",
    ):
        components(results_of({}))
    with pytest.raises(ConfigError, match="study 'example': a table of a sweep needs a sweep or grid ablation"):
        sweeps(results_of({"parts": {"leave_one_out": PARTS}}))
