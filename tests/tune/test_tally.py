import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of

from ura_study.tune.tally import Tally

STUDY = make_study(ablations=ABLATIONS, seeds=[0, 1])
PLAN = plan_of(STUDY)
JOBS = [job_of(STUDY, PLAN, "full", seed=seed) for seed in (0, 1)]


def a_tally(records):
    tally = Tally(records, "image_auroc")
    tally.know(PLAN)
    return tally


def state(tally):
    finished = tally.finished("full", PLAN.ids["full"])
    return finished.done, finished.failed, finished.metric, finished.seconds


def test_what_was_there_before_counts():
    tally = a_tally({JOBS[0].run_id: done(JOBS[0], 0.5), JOBS[1].run_id: failed(JOBS[1])})
    assert (tally.usual(), tally.failed) == ({"uranet": 9.0}, {JOBS[1].run_id})
    assert state(tally) == (1, 1, 0.5, 9.0)


def test_a_record_takes_the_place_of_an_earlier_one():
    tally = a_tally({})
    assert (tally.usual(), state(tally)) == ({}, (0, 0, None, 0))
    tally.take(failed(JOBS[0]))
    assert (len(tally.failed), state(tally)) == (1, (0, 1, None, 0))
    tally.take(done(JOBS[0], 0.5))
    assert (len(tally.failed), state(tally)) == (0, (1, 0, 0.5, 9.0))
    tally.take(done(JOBS[0], 0.75))
    assert (tally.usual(), state(tally)) == ({"uranet": 9.0}, (1, 0, 0.75, 9.0))
    tally.take(failed(JOBS[0]))
    assert (tally.usual(), state(tally)) == ({}, (0, 1, None, 0))


def test_a_variant_is_summed_up_only_when_something_changed():
    tally = a_tally({})
    tally.take(done(JOBS[0], 0.5))
    before = tally.finished("full", PLAN.ids["full"])
    tally.take(done(job_of(STUDY, PLAN, "w/o restoration"), 0.75))
    assert tally.finished("full", PLAN.ids["full"]) is before
    tally.take(done(JOBS[1], 0.75))
    assert tally.finished("full", PLAN.ids["full"]).metric == pytest.approx(0.625)


def test_a_variant_that_is_known_later_has_the_records_from_before():
    tally = Tally({JOBS[0].run_id: done(JOBS[0], 0.5)}, "image_auroc")
    assert tally.finished("full", ()).done == 0
    tally.know(PLAN)
    assert tally.finished("full", PLAN.ids["full"]).done == 1
