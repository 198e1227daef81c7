import math

import pandas as pd
import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from hypothesis import given
from hypothesis import strategies as st

from ura_study.metrics.names import METRICS, VALIDATION_METRICS
from ura_study.results.frame import columns, tidy

STUDY = make_study(
    base={"training": {"lr": 1e-3}}, ablations=ABLATIONS | {"same": {"sweep": {"training.lr": [1e-3]}}}, seeds=[0, 1]
)
PLAN = plan_of(STUDY, "nut", "bolt")
CHANGED = ("features.layers", "model.restoration", "training.lr")
COLUMNS, VALIDATED = columns(CHANGED), columns(CHANGED, held_out=True)


def test_a_row_for_every_cell_with_a_record():
    full, without = job_of(STUDY, PLAN, "full"), job_of(STUDY, PLAN, "w/o restoration", "bolt", 1)
    records = {full.run_id: done(full, 0.5, pixel_ap=None), without.run_id: failed(without)}
    frame = tidy(PLAN, records)
    assert tuple(frame.columns) == COLUMNS
    assert frame[["variant", "ablation", "category", "seed", "status"]].fillna("").values.tolist() == [
        ["full", "", "nut", 0, "done"],
        ["w/o restoration", "components", "bolt", 1, "failed"],
        ["lr=0.001", "same", "nut", 0, "done"],
    ]
    assert frame.run_id.tolist() == [full.run_id, without.run_id, full.run_id]
    first, second, third = (row for _, row in frame.iterrows())
    assert first.image_ap == 0.5
    assert math.isnan(first.pixel_ap)
    assert (first.undefined, first.parameters) == ("pixel_ap: no masks", 1000)
    assert pd.isna(first.failure)
    assert (first.fit_seconds, first.score_ms_per_image, first.data_fingerprint) == (6.0, 20.0, "data of nut")
    assert second.failure == "ResourceError: disk on fire"
    assert second[list(METRICS)].isna().all()
    assert third[list(METRICS)].equals(first[list(METRICS)])


def test_keys_in_which_variants_differ_are_columns():
    jobs = [job_of(STUDY, PLAN, variant) for variant in ("full", "layers=[2, 3]", "w/o restoration")]
    frame = tidy(PLAN, {job.run_id: done(job) for job in jobs})
    assert frame[["variant", *CHANGED]].values.tolist() == [
        ["full", "[1, 2, 3]", "true", "0.001"],
        ["layers=[2, 3]", "[2, 3]", "true", "0.001"],
        ["w/o restoration", "[1, 2, 3]", "false", "0.001"],
        ["lr=0.001", "[1, 2, 3]", "true", "0.001"],
    ]


def test_no_records_no_rows():
    frame = tidy(PLAN, {})
    assert frame.empty
    assert tuple(frame.columns) == COLUMNS


def test_a_failure_does_not_make_numbers_of_parameters_fractional():
    jobs = [job_of(STUDY, PLAN, "full", "nut", seed) for seed in (0, 1)]
    frame = tidy(PLAN, {jobs[0].run_id: done(jobs[0]), jobs[1].run_id: failed(jobs[1])})
    assert ",1000," in frame.to_csv(index=False)


@given(st.sets(st.sampled_from(sorted(PLAN.runs))))
def test_no_record_is_dropped_or_counted_twice(known):
    jobs = {PLAN.cells[cell]: job_of(STUDY, PLAN, *cell) for cell in reversed(PLAN.cells)}
    frame = tidy(PLAN, {run_id: done(jobs[run_id]) for run_id in known})
    cells = list(zip(frame.variant, frame.category, frame.seed, strict=True))
    assert cells == [cell for cell, run_id in PLAN.cells.items() if run_id in known]
    assert frame.run_id.tolist() == [PLAN.cells[cell] for cell in cells]
    assert set(frame.run_id) == known


@pytest.mark.parametrize("column", METRICS)
def test_metrics_are_numbers_also_where_none_is_known(column):
    job = job_of(STUDY, PLAN, "full")
    assert tidy(PLAN, {job.run_id: failed(job)})[column].dtype == float
    assert pd.isna(tidy(PLAN, {job.run_id: done(job, None)})[column]).all()


def test_validation_metrics_are_columns_where_images_were_held_out():
    study = make_study(data={"validation": 0.2})
    plan = plan_of(study, "nut", "bolt")
    record = done(job_of(study, plan, "full"), 0.5, **dict.fromkeys(VALIDATION_METRICS, 0.25))
    failure = failed(job_of(study, plan, "full", "bolt"))
    frame = tidy(plan, {record.run_id: record, failure.run_id: failure})
    assert tuple(frame.columns) == columns(held_out=True)
    assert set(VALIDATED) - set(COLUMNS) == {*VALIDATION_METRICS, "validation_seconds"}
    assert frame.val_image_auroc.tolist()[0] == 0.25
    assert frame.val_pixel_aupro.isna().tolist() == [False, True]
