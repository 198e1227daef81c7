"""The metric of the example, and others of a few lines, from the study to the tables; no Ray."""

import numpy as np
import pytest
from datasets import write_category
from plugged import SMALL, SOURCES, data, done

from ura_study import plugins
from ura_study.errors import ConfigError
from ura_study.metrics.evaluate import evaluate
from ura_study.metrics.names import METRICS, TAKEN, VALIDATION_METRICS, register_metric
from ura_study.opening import open_study
from ura_study.results.frame import columns
from ura_study.results.results import Results
from ura_study.study.loading import load_study
from ura_study.tables.metric_tables import per_category

pytestmark = pytest.mark.usefixtures("unplugged")

METRIC = {"metrics": ["image_auroc", "image_recall_at_5"]}


def test_a_metric_by_hand():
    """Of twenty normal images one may lie above the threshold, 0.19; of four anomalous ones three are above 0.18."""
    plugins.imported(str(SOURCES / "metric.py"))
    labels = np.array([False] * 20 + [True] * 4)
    scores = np.concatenate([np.arange(20) / 100, [0.17, 0.185, 0.5, 0.9]])
    found = evaluate(labels, scores, None, [None] * 24, also=["image_recall_at_5"])
    assert found.values["image_recall_at_5"] == 0.75


def test_undefined_is_nan_with_its_reason():
    plugins.imported(str(SOURCES / "metric.py"))
    found = evaluate(np.array([True]), np.array([0.5]), None, [None], also=["image_recall_at_5"])
    assert np.isnan(found.values["image_recall_at_5"])
    assert found.undefined["image_recall_at_5"] == "normal and anomalous test images are needed"


@pytest.mark.parametrize("value", [1.5, -0.1, float("nan"), float("inf")])
def test_a_metric_outside_of_a_share_is_an_error(value):
    register_metric("odd", title="Odd")(lambda judged: value)
    labels, scores = np.array([False, True]), np.array([0.1, 0.2])
    with pytest.raises(ValueError, match=r"^metric odd: expected a number in 0\.\.1 \(or Undefined raised\), but got"):
        evaluate(labels, scores, None, [None, None], also=["odd"])


@pytest.mark.parametrize("name", ["val_mine", "Mine", "my-metric", "1st", ""])
def test_names_that_metrics_cannot_have(name):
    with pytest.raises(ConfigError, match=f"metric '{name}': expected small letters, digits and _"):
        register_metric(name, title="Mine")


def test_no_metric_is_called_as_another_column():
    kept = set(columns(held_out=True)) - set(METRICS + VALIDATION_METRICS)
    assert kept == TAKEN
    with pytest.raises(ConfigError, match="metric 'seed': this is what another column of results is called"):
        register_metric("seed", title="Seed")


def test_a_metric_from_the_study_to_the_tables(study, tmp_path):
    write_category(tmp_path / "data", "nut", train=40)
    path = study(
        "metric",
        "detector",
        data=data(tmp_path / "data", validation=0.2),
        base=SMALL,
        report={"metrics": ["image_recall_at_5", "val_image_recall_at_5"]},
    )
    loaded, plan = open_study(path)
    records = done(loaded, plan)
    (record,) = records.values()
    assert record.metrics["image_recall_at_5"] is not None
    assert record.metrics["val_image_recall_at_5"] is not None
    results = Results(loaded, plan, records)
    table = per_category(results, "image_recall_at_5")
    assert "Recall at 5 % false alarms" in table.title
    held_out = per_category(results, "val_image_recall_at_5")
    assert "Recall at 5 % false alarms" in held_out.title
    assert table.rows[0].cells[-1].mean == record.metrics["image_recall_at_5"]


def test_a_metric_as_objective(study):
    search = {"space": {"model.width": {"choice": [2, 8]}}, "trials": 2, "objective": "val_image_recall_at_5"}
    path = study("metric", "detector", data={"validation": 0.2}, base=SMALL, search=search)
    loaded = load_study(path)
    assert loaded.further_metrics == ("image_recall_at_5",)
    assert not loaded.search.objective[0].minimizes
    with pytest.raises(ConfigError, match=r"did you mean 'val_image_recall_at_5'"):
        load_study(study("metric", "detector", search=search | {"objective": "val_image_recall_at5"}))


def test_a_misspelt_metric_is_told_with_the_nearest(study):
    with pytest.raises(ConfigError, match=r"report\.metrics.*: unknown metric 'image_recall_at_6'; did you mean"):
        load_study(study("metric", report={"metrics": ["image_recall_at_6"]}))


def test_a_metric_that_is_held_out_needs_images_that_are(study):
    with pytest.raises(ConfigError, match=r"metric val_image_recall_at_5 needs data\.validation > 0"):
        load_study(study("metric", report={"metrics": ["val_image_recall_at_5"]}))
