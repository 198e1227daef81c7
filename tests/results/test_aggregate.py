"""A variant's mean, as everything that shows one takes it."""

import pytest
from hand_made import done, failed, job_of, make_study, plan_of

from ura_study.results.aggregate import aggregate, metric, variant_mean

PLAN = plan_of(STUDY := make_study(seeds=[0, 1]), "nut", "bolt")


def record(category, seed, value):
    return done(job_of(STUDY, PLAN, "full", category, seed), value)


def test_the_mean_of_all_runs_is_that_of_the_tables():
    records = {
        r.run_id: r
        for c, s, v in (("nut", 0, 0.9), ("nut", 1, 0.7), ("bolt", 0, 0.5), ("bolt", 1, 0.4))
        for r in [record(c, s, v)]
    }
    table = aggregate(PLAN, records, metric("image_auroc")).mean("full").mean
    assert variant_mean(records.values(), "image_auroc") == pytest.approx(table) == pytest.approx(0.625)


def test_a_category_weighs_the_same_however_many_of_its_seeds_are_in():
    found = [record("nut", 0, 1.0), record("nut", 1, 1.0), record("bolt", 0, 0.0)]
    found.append(failed(job_of(STUDY, PLAN, "full", "bolt", 1)))
    assert variant_mean(found, "image_auroc") == 0.5


def test_nothing_known_has_no_mean():
    assert variant_mean([], "image_auroc") is None
    assert variant_mean([record("nut", 0, 0.5)], "ece") is None
