from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of

from ura_study.runs.counts import counts

STUDY = make_study(ablations=ABLATIONS, seeds=[0, 1])
PLAN = plan_of(STUDY)


def test_counts():
    records = [
        done(job_of(STUDY, PLAN, "full", seed=0)),
        done(job_of(STUDY, PLAN, "full", seed=1)),
        failed(job_of(STUDY, PLAN, "w/o restoration")),
    ]
    known = {r.run_id: r for r in records}
    assert counts(PLAN, known) == (2, 1, 3)
    assert counts(PLAN, known | {"stranger": records[0]}) == (2, 1, 3)
    assert counts(PLAN, {}) == (0, 0, 6)


def test_runs_of_variants_that_were_given_up_are_not_left():
    record = done(job_of(STUDY, PLAN, "w/o restoration"))
    assert counts(PLAN, {record.run_id: record}, {"w/o restoration"}) == (1, 0, 4)
