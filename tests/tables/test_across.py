from hand_made import ABLATIONS, done, job_of, make_study, plan_of

from ura_study.results.results import Results
from ura_study.study.plan import make_plan
from ura_study.tables.across import across

METRIC = "image_auroc"
CATEGORIES = [f"c{i}" for i in range(8)]


def results(values, fingerprint="data", **sections):
    """A study in which each variant has the value given, plus a little for each category."""
    study = make_study(**{"ablations": ABLATIONS} | sections)
    plan = make_plan(study, {name: f"{fingerprint} of {name}" for name in CATEGORIES})
    records = {}
    for (variant, category, seed), run_id in plan.cells.items():
        job = job_of(study, plan, variant, category, seed)
        records[run_id] = done(job, values.get(variant, 0.5) + CATEGORIES.index(category) / 100)
    return Results(study, plan, records)


def test_what_moved():
    table = across(results({}), results({"full": 0.6}), ("one", "two"), METRIC)
    (row,) = table.rows
    assert row.labels == ("full",)
    assert row.cells[0].mean == 0.1
    assert row.cells[0].significant
    assert row.cells[1].mean == 2 / 2**8
    assert table.title == "Image AUROC, two minus one"
    assert table.notes[-1] == "Equal in both, run by run: layers=[2, 3], w/o restoration."


def test_equal_studies():
    table = across(results({}), results({}), ("one", "two"), METRIC)
    assert table.rows == ()
    assert table.notes[0] == "There is nothing to compare."


def test_what_else_may_be_behind_a_difference_is_said():
    other = results(
        {"full": 0.6},
        "newer data",
        ablations={"layers": ABLATIONS["layers"]},
        base={"training": {"steps": 7}},
        data={"image_size": 64, "shots": 4},
    )
    table = across(results({}), other, ("one", "two"), METRIC)
    assert table.notes[1:] == (
        "Holm's correction is over 1 distinct test of this metric.",
        "Without a difference on any unit, hence no test: layers=[2, 3].",
        "No practical difference (P(equivalent) > 0.95 within ±0.5 points, wherever the prior is placed): "
        "layers=[2, 3].",
        "A single unit has no interval, nor have units that all differ alike.",
        "Only in one: w/o restoration.",
        "Other settings under the same name: full, layers=[2, 3].",
        f"Other images in the same category: {', '.join(CATEGORIES)}.",
        "Different in all variants: image_size (256, then 64), shots (none, then 4).",
    )


def test_pairs_of_one_study_only_are_left_out():
    first, other = results({}), results({"full": 0.6}, seeds=[0, 1])
    table = across(first, other, ("one", "two"), METRIC)
    difference = table.rows[0].cells[0]
    assert (difference.missing, len(difference.values)) == (8, 1)
    assert "Seeds only in two: 1." in table.notes


def test_categories_of_one_study_only_are_named():
    study = make_study()
    few, more = plan_of(study, "nut"), plan_of(study, "nut", "bolt")
    one, two = (Results(study, plan, {}) for plan in (few, more))
    assert "Categories only in two: bolt." in across(one, two, ("one", "two"), METRIC).notes


def test_plans_of_one_category():
    study = make_study()
    plan = plan_of(study)
    job = job_of(study, plan, "full")
    one, two = (Results(study, plan, {job.run_id: done(job, value)}) for value in (0.5, 0.7))
    (row,) = across(one, two, ("one", "two"), METRIC).rows
    assert round(row.cells[0].mean, 9) == 0.2
