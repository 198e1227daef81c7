from hand_made import done, job_of, make_study, plan_of

from ura_study.results.regions import reshaped
from ura_study.results.results import Results
from ura_study.tables.metric_tables import per_category

STUDY = make_study(report={"metrics": ["image_auroc", "pixel_ap"]})
PLAN = plan_of(STUDY, "nut", "bolt")


def record(category, drawn, judged):
    made = done(job_of(STUDY, PLAN, "full", category))
    return made.model_copy(update={"data": made.data | {"regions": drawn, "regions_judged": judged}})


def test_categories_whose_defects_merge_are_named():
    assert reshaped([record("nut", 4, 4), done(job_of(STUDY, PLAN, "full", "bolt"))]) == ""
    told = "Regions of defects that are told apart at the size at which masks are judged: 3 of 4 in nut."
    assert reshaped([record("nut", 4, 3), record("bolt", 2, 2)]) == told
    records = {r.run_id: r for r in (record("nut", 4, 3), record("bolt", 2, 2))}
    results = Results(STUDY, PLAN, records)
    assert told in per_category(results, "pixel_ap").notes
    assert told not in per_category(results, "image_auroc").notes


def test_each_size_is_told_and_moved_masks_are_not():
    moved = record("nut", 4, 7)
    moved = moved.model_copy(update={"data": moved.data | {"corruption": {"kind": "shift", "severity": 5}}})
    said = reshaped([record("nut", 4, 3), moved, record("nut", 4, 2), record("nut", 4, 3)])
    assert said.endswith(": 3 of 4 or 2 of 4 in nut.")
