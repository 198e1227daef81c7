"""What differs between the computations of a table's runs is said under it."""

from hand_made import ABLATIONS, done, job_of, make_study, plan_of

from ura_study.report.config import ReportSettings
from ura_study.results.mixed import mixed
from ura_study.results.results import Results
from ura_study.tables.metric_tables import summary
from ura_study.tables.sheet import sheet

STUDY = make_study(ablations=ABLATIONS)
PLAN = plan_of(STUDY)


def record(variant, *, torch="2.14.1", threads=1, device="cpu", weights="a1"):
    versions = {"torch": torch, "timm": "1.0.31", "pillow": "12.0"}
    origin = {"versions": versions, "device": device, "threads": threads, "weights": weights, "host": variant}
    return done(job_of(STUDY, PLAN, variant)).model_copy(update={"provenance": origin})


def test_nothing_is_said_of_runs_that_were_computed_alike():
    assert mixed([record("full"), record("w/o restoration")]) == ""
    assert mixed([]) == ""


def test_what_differs_is_said_with_its_number_of_runs():
    found = [record("full"), record("w/o restoration", torch="2.13.0"), record("layers=[2, 3]", threads=2)]
    assert mixed(found) == (
        "Not all runs were computed alike: torch 2.13.0 (1 run), 2.14.1 (2 runs); threads 1 (2 runs), 2 (1 run)."
    )


def test_other_weights_of_the_same_backbone_and_another_device_are_told():
    found = [record("full"), record("w/o restoration", weights="b2", device="H100")]
    assert mixed(found) == (
        "Not all runs were computed alike: device H100 (1 run), cpu (1 run); "
        "weights of tf_efficientnet_lite0 a1 (1 run), b2 (1 run)."
    )


def test_tables_say_it():
    records = {r.run_id: r for r in (record("full"), record("w/o restoration", threads=2))}
    notes = sheet(summary(Results(STUDY, PLAN, records)), ReportSettings(), "example").notes
    assert "Not all runs were computed alike: threads 1 (1 run), 2 (1 run)." in notes
