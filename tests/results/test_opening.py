import shutil
from pathlib import Path

import pytest
from hand_made import ABLATIONS, done, job_of, make_study, plan_of

from ura_study.errors import ConfigError
from ura_study.results.folder import remember
from ura_study.results.opening import open_recorded
from ura_study.runs import store
from ura_study.study.study_file import dump_yaml

STUDY = make_study(ablations=ABLATIONS, seeds=[0, 1])
PLAN = plan_of(STUDY, "nut", "bolt")


@pytest.fixture
def folder(tmp_path):
    """What a study leaves, with one run missing."""
    folder = tmp_path / "results/example"
    remember(folder, STUDY, PLAN)
    for cell in list(PLAN.cells)[:-1]:
        store.append(folder, done(job_of(STUDY, PLAN, *cell)))
    return folder


def opened(path, results="results", **options):
    return open_recorded(str(path), Path(results), options)


def test_the_plan_is_that_of_the_runs(folder):
    results = opened(folder)
    assert results.plan == PLAN
    assert set(results.records) == set(PLAN.runs) - {list(PLAN.cells.values())[-1]}


def test_a_study_file_finds_its_folder(folder, tmp_path):
    shutil.copy(folder / "study.yaml", tmp_path / "mine.yaml")
    assert opened(tmp_path / "mine.yaml", tmp_path / "results").plan == PLAN


def test_options_take_the_place_of_what_the_study_says(folder):
    report = opened(folder, digits=3, caption=None, metrics=["pixel_ap"]).study.report
    assert (report.digits, report.caption, report.metrics) == (3, None, ("pixel_ap",))


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"digits": 9}, "example with the options given: report.digits: expected a number <= 6, but got 9"),
        (
            {"unit": "percents"},
            "with the options given: report.unit: expected 'percent' or 'fraction', but got 'percents'",
        ),
        ({"label": "a}b"}, "with the options given: report.label: expected a string that matches"),
        ({"metrics": ["val_pixel_ap"]}, "report: metric val_pixel_ap needs data.validation > 0, but got 0"),
        ({"baseline": "fulll"}, "example: report.baseline: no variant 'fulll'; did you mean 'full'?"),
    ],
)
def test_a_wrong_option_is_one_line(folder, options, line):
    with pytest.raises(ConfigError) as caught:
        opened(folder, **options)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_was_run(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no results of a study .*; has it been run\?"):
        opened(tmp_path)


def test_a_category_that_was_not_run_is_named(folder, tmp_path):
    other = STUDY.model_copy(update={"data": STUDY.data.model_copy(update={"categories": ("nut", "nail")})})
    (tmp_path / "mine.yaml").write_text(dump_yaml(other.model_dump(mode="json", exclude_none=True)))
    with pytest.raises(ConfigError, match=r"mine.yaml: data.categories: category 'nail' was not there in the last run"):
        opened(tmp_path / "mine.yaml", tmp_path / "results")


def test_fewer_categories_than_were_run(folder, tmp_path):
    other = STUDY.model_copy(update={"data": STUDY.data.model_copy(update={"categories": ("bolt",)})})
    (tmp_path / "mine.yaml").write_text(dump_yaml(other.model_dump(mode="json", exclude_none=True)))
    assert opened(tmp_path / "mine.yaml", tmp_path / "results").plan.categories == ("bolt",)


def test_pairs_are_opened_without_their_images(tmp_path):
    data = {"layout": "mvtec_ad", "root": "/gone", "categories": ["nut"], "test": {"categories": ["nut", "bolt"]}}
    study = make_study(data=data)
    plan = plan_of(study, "nut → nut", "nut → bolt")
    remember(tmp_path / "results/example", study, plan)
    assert opened(tmp_path / "results/example").plan == plan


def test_variants_of_other_data_are_opened(tmp_path):
    study = make_study(ablations={"size": {"sweep": {"data.image_size": [64, 128]}}})
    plan = plan_of(study)
    remember(tmp_path / "results/example", study, plan)
    assert opened(tmp_path / "results/example").plan == plan
