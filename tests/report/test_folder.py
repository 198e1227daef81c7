import shutil

import pytest
from hand_made import ABLATIONS, done, job_of, make_study, plan_of

from ura_study.errors import ConfigError
from ura_study.report.folder import UNKNOWN, open_results, recorded_fingerprints
from ura_study.report.write import resolved, write_study
from ura_study.runs import store

STUDY = make_study(ablations=ABLATIONS, seeds=[0, 1])
PLAN = plan_of(STUDY, "nut", "bolt")


@pytest.fixture
def folder(tmp_path):
    """What a study leaves, with one run missing."""
    folder = tmp_path / "results/example"
    write_study(folder, resolved(STUDY, PLAN))
    for cell in list(PLAN.cells)[:-1]:
        store.append(folder, done(job_of(STUDY, PLAN, *cell)))
    return folder


def opened(path, results="results", warnings=None, **options):
    return open_results(path, results, options, (warnings if warnings is not None else []).append)


def test_the_plan_is_that_of_the_runs(folder):
    results = opened(folder)
    assert results.plan == PLAN
    assert set(results.records) == set(PLAN.runs) - {list(PLAN.cells.values())[-1]}


def test_a_study_file_finds_its_folder(folder, tmp_path):
    shutil.copy(folder / "study.yaml", tmp_path / "mine.yaml")
    assert opened(tmp_path / "mine.yaml", tmp_path / "results").plan == PLAN


def test_all_categories_are_those_with_a_record(folder, tmp_path):
    write_study(folder, STUDY)
    assert opened(folder).plan.categories == ("bolt", "nut")


def test_options_take_the_place_of_what_the_study_says(folder):
    report = opened(folder, digits=3, caption=None, metrics=["pixel_ap"]).study.report
    assert (report.digits, report.caption, report.metrics) == (3, None, ("pixel_ap",))


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"digits": 9}, "study.yaml with the options given: report.digits: expected a number <= 6, but got 9"),
        (
            {"unit": "percents"},
            "with the options given: report.unit: expected 'percent' or 'fraction', but got 'percents'",
        ),
        ({"label": "a}b"}, "with the options given: report.label: expected a string that matches"),
        ({"metrics": ["val_pixel_ap"]}, "report: metric val_pixel_ap needs data.validation > 0, but got 0"),
        ({"baseline": "fulll"}, "study.yaml: report.baseline: no variant 'fulll'; did you mean 'full'?"),
    ],
)
def test_a_wrong_option_is_one_line(folder, options, line):
    with pytest.raises(ConfigError) as caught:
        opened(folder, **options)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_recorded(tmp_path):
    write_study(tmp_path, STUDY)
    with pytest.raises(ConfigError, match=r"no records \(runs.jsonl\) of study 'example'; `ura-study run` makes them"):
        opened(tmp_path)


def test_not_a_studys_folder(tmp_path):
    with pytest.raises(ConfigError, match=r"no study.yaml in it; expected the results folder of one study"):
        opened(tmp_path)


def test_images_that_changed_are_told_and_the_last_state_counts(folder):
    from ura_study.plan import make_plan

    changed = make_plan(STUDY, {"nut": "other data of nut"})
    store.append(folder, done(job_of(STUDY, changed, "full")))
    warnings = []
    plan = opened(folder, warnings=warnings).plan
    assert plan.cells["full", "nut", 0] == changed.cells["full", "nut", 0]
    assert plan.cells["full", "bolt", 0] == PLAN.cells["full", "bolt", 0]
    assert warnings == [f"{folder}: category 'nut' was recorded with 2 states of its images; the last one counts"]


def test_a_state_that_came_back_is_the_last():
    study = make_study()
    records = {}
    for number, state in enumerate(["a", "b", "a"]):
        record = done(job_of(study, plan_of(study), "full"))
        records[str(number)] = record.model_copy(update={"data": record.data | {"fingerprint": state}})
    assert recorded_fingerprints(study, records, [].append) == {"nut": "a"}


def test_a_category_without_a_record_is_missing():
    study = make_study(data={"categories": ["nut", "nail"]})
    job = job_of(study, plan_of(study), "full")
    assert recorded_fingerprints(study, {job.run_id: done(job)}, [].append) == {"nut": "data of nut", "nail": UNKNOWN}
