"""A small copy of each published set, from its folder to the tables."""

import pytest
import trees
from hand_made import make_study
from jobs import SETTINGS

from ura_study.results.results import Results
from ura_study.runs.attempt import attempt
from ura_study.runs.job import Job
from ura_study.study.survey import survey
from ura_study.tables.metric_tables import per_category

IMAGE_LEVEL = ("oct2017", "elpv")


@pytest.mark.parametrize("layout", sorted(trees.WRITERS))
def test_from_the_folder_to_the_tables(layout, tmp_path):
    trees.WRITERS[layout](tmp_path / "set")
    data = {"layout": layout, "root": str(tmp_path / "set"), "image_size": 64}
    study = make_study(data=data, base=SETTINGS, report={"metrics": ["image_auroc", "pixel_aupro"]})
    plan = survey(study)
    records = {}
    for run in plan.runs.values():
        *_, record = attempt(Job.of(study, run))
        assert record.done, record.failure
        records[run.run_id] = record
    image, pixel = (per_category(Results(study, plan, records), metric) for metric in study.report.metrics)
    assert 0 <= image.rows[0].cells[-1].mean <= 1
    if layout in IMAGE_LEVEL:
        assert any(note.startswith("Undefined: ") for note in pixel.notes)
    else:
        assert 0 <= pixel.rows[0].cells[-1].mean <= 1
