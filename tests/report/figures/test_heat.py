"""Heat tables: what is drawn, by hand."""

import math

import pytest
from made_up import results_of

from ura_study.report.drawing.cells import blank
from ura_study.report.figures.heat import MOST, draw, heat

COMPONENTS = {"components": {"leave_one_out": ["model.restoration", "model.synthesis"]}}


def value(variant, category, seed):
    if category == "tile":
        return None
    if variant == "w/o restoration" and (category, seed) == ("bolt", 1):
        return "failed"
    if variant == "w/o synthesis" and category == "nut":
        return "missing"
    return 0.8 + 0.1 * seed


def test_means_and_what_keeps_cells_from_having_one():
    info = heat(results_of(value, ("nut", "bolt", "tile"), ablations=COMPONENTS, seeds=[0, 1]), "image_auroc")
    assert (info.rows, info.columns) == (("full", "w/o restoration", "w/o synthesis"), ("nut", "bolt", "tile"))
    assert [list(map(blank, line)) for line in info.cells] == [
        [None, None, "undefined", None],
        [None, "failed", "undefined", "failed"],
        ["missing", None, "undefined", "missing"],
    ]
    assert [info.cells[0][i].mean for i in (0, 3)] == [pytest.approx(0.85)] * 2
    assert math.isnan(info.cells[1][3].mean)
    drawn = draw(info)
    assert "means: full 85.0; w/o restoration failed; w/o synthesis missing." in drawn.alt
    assert "mean over 2 seeds" in drawn.caption


def test_the_mean_is_over_categories_that_are_not_shown_as_well():
    names = [f"c{i}" for i in range(MOST + 2)]
    results = results_of(lambda v, c, s: 1.0 if c == names[-1] else 0.5, names, ablations=COMPONENTS)
    info = heat(results, "image_auroc")
    assert len(info.columns) == MOST
    assert info.cells[0][-1].mean == pytest.approx(0.5 + 0.5 / (MOST + 2))
    assert f"the first {MOST} categories; 2 more categories left out." in draw(info).caption


def test_without_numbers_there_is_nothing_to_draw():
    assert heat(results_of(lambda v, c, s: None, ablations=COMPONENTS), "image_auroc") is None


@pytest.mark.parametrize(("metric", "way"), [("image_auroc", "brighter is better."), ("val_ece", "that is, smaller.")])
def test_bright_is_what_is_better(metric, way):
    from hand_made import done, job_of, make_study, plan_of

    from ura_study.results.results import Results

    study = make_study(ablations=COMPONENTS, data={"validation": 0.2}, report={"metrics": [metric]})
    plan = plan_of(study, "nut", "bolt")
    jobs = [job_of(study, plan, *cell) for cell in plan.cells]
    records = {job.run_id: done(job, **{metric: 0.1 * i}) for i, job in enumerate(jobs)}
    assert way in draw(heat(Results(study, plan, records), metric)).caption
