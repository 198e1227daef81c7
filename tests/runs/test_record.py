from datetime import UTC, datetime, timedelta

import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from pydantic import ValidationError

from ura_study.runs.job import Job
from ura_study.runs.record import Failure, Record

STUDY = make_study(ablations=ABLATIONS, data={"layout": "mvtec_ad", "root": "/data", "categories": ["nut"]})
PLAN = plan_of(STUDY)


@pytest.mark.parametrize("variant", ["full", "layers=[2, 3]", "w/o restoration"])
def test_a_job_survives_the_way_to_the_worker(variant):
    job = job_of(STUDY, PLAN, variant)
    assert Job.model_validate_json(job.model_dump_json()) == job


def test_a_record_says_who_it_was():
    job = job_of(STUDY, PLAN, "w/o restoration")
    record = done(job)
    assert (record.run_id, record.study, record.variant) == (job.run_id, "example", "w/o restoration")
    assert (record.category, record.seed, record.done) == ("nut", 0, True)
    assert record.settings["model"]["restoration"] is False
    assert record.settings["features"]["layers"] == [1, 2, 3]
    assert record.evaluation == {"fpr_limit": 0.3, "threshold": {"sigma": 3.0, "quantile": None}}
    expected = {"layout": "mvtec_ad", "root": "/data", "image_size": 256, "fingerprint": "data of nut"}
    assert record.data | expected == record.data
    assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(record.finished) < timedelta(minutes=1)


def test_what_the_run_says_of_its_data_is_added():
    record = Record.of(job_of(STUDY, PLAN, "full"), status="done", data={"train": 6})
    assert record.data["train"] == 6
    assert record.data["fingerprint"] == "data of nut"


def test_a_failure_is_not_done():
    record = failed(job_of(STUDY, PLAN, "full"))
    assert not record.done
    assert record.failure.message == "disk on fire"


def test_seconds_are_those_of_the_stages():
    assert done(job_of(STUDY, PLAN, "full")).seconds == 9.0


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("place", ["metrics", "losses", "timings"])
def test_what_json_cannot_hold_is_no_record(place, number):
    with pytest.raises(ValidationError, match="finite"):
        Record.of(job_of(STUDY, PLAN, "full"), status="done", **{place: {"x": number}})


def test_failures_about_files_that_are_not_utf8_can_be_stored():
    path = b"Kratzer_\xe4.png".decode(errors="surrogateescape")
    failure = Failure(kind="DataError", message=path, expected=True, traceback=path)
    record = Record.of(job_of(STUDY, PLAN, "full"), status="failed", failure=failure)
    assert Record.model_validate_json(record.model_dump_json()) == record
    assert record.failure.message == "Kratzer_\\udce4.png"
