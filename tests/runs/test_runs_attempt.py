import math
import shutil

import pytest
import torch
from jobs import small_job

from ura_study.metrics.names import DEFECT_METRICS, METRICS, THRESHOLD_METRICS, UNCERTAINTY_METRICS
from ura_study.runs import execute
from ura_study.runs.attempt import attempt, attempt_read
from ura_study.runs.details import Details
from ura_study.runs.record import Record
from ura_study.runs.stages import fitting
from ura_study.training.loop import Interval, NonFiniteLoss


def result(job):
    """Return the progress and the record of a job; between them are the details of one that is done."""
    *intervals, record = attempt(job)
    if record.done:
        assert isinstance(intervals.pop(), Details)
    assert isinstance(record, Record)
    assert all(isinstance(interval, Interval) for interval in intervals)
    return intervals, record


def test_a_run_reports_and_leaves_a_complete_record(mvtec_root):
    intervals, record = result(small_job(mvtec_root))
    assert [interval.step for interval in intervals] == [2, 4, 6]
    assert record.done, record.failure
    assert tuple(record.metrics) == METRICS + UNCERTAINTY_METRICS
    zones = {"uncertainty_inside", "epistemic_inside"}  # on 8 × 8 tokens all is border
    assert set(record.undefined) == {*zones, *THRESHOLD_METRICS}  # nothing is held out
    assert {kind: set(of.metrics) for kind, of in record.by_defect.items()} == {"square": set(DEFECT_METRICS)}
    assert all(0 <= value <= 1 for value in record.metrics.values() if value is not None)
    assert record.data | {"train": 6, "test_normal": 3, "test_anomalous": 3, "image_size": 64} == record.data
    assert record.losses == intervals[-1].losses
    assert record.detector_bytes >= 4 * record.parameters > 0
    assert record.gpu_peak_bytes is None  # on a CPU
    assert set(record.timings) == {
        *(
            "features_seconds",
            "fit_seconds",
            "score_seconds",
            "score_ms_per_image",
            "metrics_seconds",
            "truth_seconds",
            "details_seconds",
        ),
    }
    assert record.provenance["versions"]["torch"] == torch.__version__.split("+")[0]
    assert record.provenance["device"] == "cpu"
    assert record.settings["model"]["restoration"]["prototypes"] == 16
    assert Record.model_validate_json(record.model_dump_json()) == record


def test_same_seed_same_numbers_whatever_came_before(mvtec_root, cache):
    _, first = result(small_job(mvtec_root))
    torch.manual_seed(99)
    torch.rand(7)
    _, other = result(small_job(mvtec_root, seed=1))
    shutil.rmtree(cache / "fits")
    _, again = result(small_job(mvtec_root))
    assert not again.fit_shared
    assert again.metrics == first.metrics
    assert again.losses == first.losses
    assert other.losses != first.losses


@pytest.mark.parametrize("part", ["synthesis", "perception", "restoration"])
def test_each_part_can_be_left_out(mvtec_root, part):
    _, record = result(small_job(mvtec_root, settings={"model": {part: False}}))
    assert record.done, record.failure
    assert record.settings["model"][part] is False


def test_missing_masks_leave_pixel_metrics_undefined_with_the_reason(mvtec_root):
    shutil.rmtree(mvtec_root / "nut/ground_truth")
    _, record = result(small_job(mvtec_root))
    assert record.done
    assert record.metrics["pixel_auroc"] is None
    assert record.undefined["pixel_aupro"] == "3 of 3 anomalous test images have no mask"
    assert not math.isnan(record.metrics["image_auroc"])


def test_other_images_than_the_drivers_are_refused(mvtec_root):
    job = small_job(mvtec_root)
    (mvtec_root / "nut/train/good/000.png").unlink()
    _, record = result(job)
    assert not record.done
    assert (record.failure.kind, record.failure.expected, record.failure.traceback) == ("DataError", True, "")
    assert "the images here are not those the study was started with" in record.failure.message


def test_divergence_is_told_and_expected(mvtec_root, monkeypatch):
    def diverge(*arguments):
        raise NonFiniteLoss("The loss must be finite, but at step 3 total = nan")
        yield

    monkeypatch.setattr(fitting, "descend", diverge)
    _, record = result(small_job(mvtec_root))
    assert (record.failure.kind, record.failure.expected) == ("NonFiniteLoss", True)
    assert "at step 3" in record.failure.message


def test_a_bug_keeps_its_traceback(mvtec_root, monkeypatch):
    monkeypatch.setattr(execute, "score_images", lambda *arguments: 1 / 0)
    _, record = result(small_job(mvtec_root))
    assert (record.failure.kind, record.failure.expected) == ("ZeroDivisionError", False)
    assert "score_images" in record.failure.traceback


def test_a_machine_with_another_version_of_the_program_refuses(mvtec_root):
    job = small_job(mvtec_root, program="0" * 16)
    (record,) = attempt_read(job.model_dump_json())
    assert not record.done
    assert record.failure.kind == "ResourceError"
    assert "ura_study here is another version (" in record.failure.message
    assert record.run_id == job.run_id
