"""The scores of single images as a table."""

import pytest
from made_up import made_details, results_of, with_details

from ura_study.errors import ConfigError
from ura_study.tables.export import as_data, explained, frame_of, sheets
from ura_study.tables.images_table import image_frame, images


def test_each_image_of_each_run_has_a_row(tmp_path):
    results = with_details(results_of(lambda *cell: 0.5, seeds=[0, 1]), tmp_path)
    frame = image_frame(results)
    assert len(frame) == len(images(results).rows) == 2 * 2 * 3
    assert frame.columns.tolist() == ["variant", "category", "seed", "image", "defect", "anomalous", "score", "run_id"]
    last = frame.iloc[-1].to_dict()
    assert last | {"category": "bolt", "seed": 1, "defect": "scratch", "anomalous": True, "score": 2.0} == last
    assert last["run_id"] == results.plan.cells["full", "bolt", 1]
    assert frame.anomalous.tolist() == [False, True, True] * 4
    assert images(results).notes == ()


def test_runs_without_scores_are_counted(tmp_path):
    def left(variant, category, seed):
        return made_details(pictures=()) if category == "nut" else None

    results = with_details(results_of(lambda v, c, s: "failed" if s else 0.5, seeds=[0, 1]), tmp_path, left)
    table = images(results)
    assert {row.labels[1:3] for row in table.rows} == {("nut", "0")}
    assert table.notes == ("3 runs kept no scores: failed, missing, damaged, or done by an earlier version.",)


def test_without_any_it_is_said(tmp_path):
    with pytest.raises(ConfigError, match="no run has kept the scores"):
        images(results_of(lambda *cell: 0.5))


def test_it_can_be_exported_and_explained(tmp_path):
    results = with_details(results_of(lambda *cell: 0.5, categories=("nut",)), tmp_path)
    tables = [images(results)]
    shown = sheets(tables, results.study.report, "example")
    run_id = results.plan.cells["full", "nut", 0]
    assert f"full · nut · 0 · nut/test/scratch/2.png · scratch · Score: 2 from {run_id}" in explained(tables, shown)
    text = as_data(frame_of("images", tables, results), "csv").decode()
    assert text.splitlines()[1] == f"full,nut,0,nut/test/good/0.png,good,False,0.0,{run_id}"
