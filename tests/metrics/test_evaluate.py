"""The metrics of one run: values, every reason for an undefined one, every rejection."""

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from ura_study.metrics import IMAGE_METRICS, METRICS, PIXEL_METRICS
from ura_study.metrics.evaluate import evaluate
from ura_study.metrics.names import THRESHOLD_METRICS
from ura_study.metrics.threshold_config import ThresholdSettings

IMAGE_LEVEL = IMAGE_METRICS + THRESHOLD_METRICS


def defect(*pixels, shape=(2, 5)):
    mask = np.zeros(shape, dtype=bool)
    for pixel in pixels:
        mask[pixel] = True
    return mask


def case(**changes):
    """Two normal and two anomalous images of 2 x 5 pixels; the first anomalous image scores like a normal one."""
    maps = np.zeros((4, 2, 5), dtype=np.float32)
    maps[2, 0, 0] = maps[1, 0, 0] = 1
    maps[3, 0, :2] = 2
    given = {
        "labels": np.array([False, False, True, True]),
        "scores": np.array([0.0, 1.0, 1.0, 2.0], dtype=np.float32),
        "maps": torch.from_numpy(maps),
        "masks": [None, defect(), defect((0, 0), (0, 1)), defect((0, 0), (0, 1))],
        "held_out": np.array([0.0, 1.0], dtype=np.float32),
        "rule": ThresholdSettings(quantile=0.5),
    }
    return given | changes


def check_undefined(result, names, reason):
    assert result.undefined == dict.fromkeys(names, reason)
    assert {name for name, value in result.values.items() if math.isnan(value)} == set(names)


def test_by_hand():
    # Images: anomalous 2, 1; normal 1, 0. AUROC (2 + 1.5) / 4; AP 1/2 * 1 + 1/2 * 2/3; F1 2/3 at 2, 4/5 at 1.
    # Pixels: anomalous 2, 2, 1, 0; normal one at 1 and 35 at 0.
    # AUROC (36 + 36 + 35.5 + 17.5) / (4 * 36); AP 2/4 * 1 + 1/4 * 3/4 + 1/4 * 4/40; F1 4/6, 6/8, 8/44.
    # PRO, two regions of two pixels: 1/2 at FPR 0, slope to 3/4 at 1/36, slope to 1 at 1. At 0.3 it is
    # 3/4 + 1/4 * (0.3 - 1/36) / (35/36) = 0.82.
    area = (1 / 36) * 0.625 + (0.3 - 1 / 36) * (0.75 + 0.82) / 2
    # At 0.05 it is 3/4 + 1/4 * (0.05 - 1/36) / (35/36) = 0.75571, at 0.01 1/2 + 1/4 * 0.36 = 0.59.
    to_5 = (1 / 36) * 0.625 + (0.05 - 1 / 36) * (0.75 + 0.7557143) / 2
    # Above every normal pixel there is nothing of the first defect and all of the second.
    # Held-out normal images score 0 and 1, so the threshold is 0.5: one false alarm, both anomalous images found.
    result = evaluate(**case())
    assert result.undefined == {}
    assert result.values == pytest.approx(
        {
            "image_auroc": 3.5 / 4,
            "image_ap": 5 / 6,
            "image_f1_max": 0.8,
            "image_f1_at_threshold": 4 / 5,
            "image_fpr_at_threshold": 1 / 2,
            "image_recall_at_threshold": 1.0,
            "pixel_auroc": 125 / 144,
            "pixel_ap": 0.5 + 0.1875 + 0.025,
            "pixel_f1_max": 0.75,
            "pixel_aupro": area / 0.3,
            "pixel_aupro_5": to_5 / 0.05,
            "pixel_aupro_1": (0.5 + 0.59) / 2,
            "pixel_aupimo": 0.5,
        }
    )


def test_names_come_in_the_order_of_tables():
    assert tuple(evaluate(**case()).values) == METRICS == IMAGE_LEVEL + PIXEL_METRICS


def test_values_are_plain_floats():
    assert {type(value) for value in evaluate(**case()).values.values()} == {float}


def test_agrees_with_scikit_learn():
    generator = np.random.default_rng(0)
    labels = np.arange(8) % 2 == 1
    masks = [generator.random((32, 32)) < 0.1 if label else None for label in labels]
    truth = np.stack([np.zeros((32, 32), dtype=bool) if mask is None else mask for mask in masks])
    maps = (generator.random((8, 32, 32)) + truth / 2).astype(np.float32)
    values = evaluate(labels, maps.max(axis=(1, 2)), torch.from_numpy(maps), masks).values
    assert values["image_auroc"] == pytest.approx(roc_auc_score(labels, maps.max(axis=(1, 2))))
    assert values["pixel_auroc"] == pytest.approx(roc_auc_score(truth.ravel(), maps.ravel()))
    assert values["pixel_ap"] == pytest.approx(average_precision_score(truth.ravel(), maps.ravel()))


def test_limit_only_changes_aupro():
    wide, narrow = evaluate(**case(), fpr_limit=1.0).values, evaluate(**case(), fpr_limit=0.1).values
    assert wide.pop("pixel_aupro") != narrow.pop("pixel_aupro")
    assert wide == narrow


def test_arguments_stay_as_they_are():
    given, same = case(), case()
    evaluate(**given)
    for name in ("labels", "scores", "maps"):
        np.testing.assert_array_equal(given[name], same[name])


def test_black_mask_keeps_the_image_anomalous_and_its_pixels_normal():
    black = evaluate(**case(masks=[None, None, defect(), defect((0, 0), (0, 1))])).values
    full = evaluate(**case()).values
    assert [black[name] for name in IMAGE_METRICS] == [full[name] for name in IMAGE_METRICS]
    assert black["pixel_auroc"] == 1.0  # the only two anomalous pixels have the two highest values


def test_no_normal_test_image():
    masks = [defect((0, 0))] * 4
    names = (*IMAGE_LEVEL, "pixel_aupimo")
    check_undefined(evaluate(**case(labels=np.ones(4, bool), masks=masks)), names, "no normal test image")


def test_no_anomalous_test_image():
    given = case(labels=np.zeros(4, bool), masks=[None] * 4)
    check_undefined(evaluate(**given), METRICS, "no anomalous test image")


def test_no_maps():
    check_undefined(evaluate(**case(maps=None)), PIXEL_METRICS, "the detector gives no anomaly maps")


@pytest.mark.parametrize(("known", "missing"), [(None, 2), (defect((0, 0)), 1), (defect(), 1)])
def test_missing_masks(known, missing):
    reason = f"{missing} of 2 anomalous test images have no mask"
    check_undefined(evaluate(**case(masks=[None, None, None, known])), PIXEL_METRICS, reason)


def test_only_black_masks():
    given = case(masks=[None, None, defect(), defect()])
    check_undefined(evaluate(**given), PIXEL_METRICS, "no anomalous pixel in any mask")


def test_no_normal_pixel():
    result = evaluate(**case(labels=np.ones(4, bool), masks=[np.ones((2, 5), bool)] * 4))
    expected = dict.fromkeys(IMAGE_LEVEL, "no normal test image")
    assert result.undefined == expected | dict.fromkeys(PIXEL_METRICS, "no normal pixel in any test image")
    assert all(math.isnan(value) for value in result.values.values())


@pytest.mark.parametrize(
    ("held_out", "rule", "reason"),
    [
        (None, {}, "no normal image was held out to give a threshold (data.validation)"),
        (np.zeros(0), {}, "no normal image was held out to give a threshold (data.validation)"),
        (np.zeros(1), {}, "one held-out normal image has no standard deviation to give a threshold"),
    ],
)
def test_no_threshold(held_out, rule, reason):
    given = case(held_out=held_out, rule=ThresholdSettings(**rule))
    check_undefined(evaluate(**given), THRESHOLD_METRICS, reason)


def with_value(name, index, value):
    given = case()
    given[name][index] = value
    return {name: given[name]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.array([0, 0, 1, 1])}, "Expected labels of dtype bool and shape (N,) but got int64 and (4,)"),
        ({"labels": np.ones((2, 2), bool)}, "Expected labels of dtype bool and shape (N,) but got bool and (2, 2)"),
        ({"labels": np.ones(0, bool)}, "Expected at least one test image but got 0"),
        ({"scores": np.zeros(3)}, "Expected scores of shape (4,) but got (3,)"),
        ({"scores": np.zeros(4, int)}, "Expected scores of a floating dtype but got int64"),
        (with_value("scores", 2, np.nan), "Expected finite scores but got nan for image 2"),
        (with_value("scores", 1, -np.inf), "Expected finite scores but got -inf for image 1"),
        ({"maps": torch.zeros(3, 2, 5)}, "Expected maps of shape (4, H, W) but got (3, 2, 5)"),
        ({"maps": torch.zeros(4, 1, 2, 5)}, "Expected maps of shape (4, H, W) but got (4, 1, 2, 5)"),
        ({"maps": torch.zeros(4, 0, 5)}, "Expected maps of shape (4, H, W) but got (4, 0, 5)"),
        ({"maps": torch.zeros(4, 2, 5, dtype=torch.int64)}, "Expected maps of a floating dtype but got torch.int64"),
        (with_value("maps", (3, 0), np.nan), "Expected finite maps but got 5 non-finite pixels in image 3"),
        (with_value("maps", (0, 0, 1), np.inf), "Expected finite maps but got 1 non-finite pixels in image 0"),
        ({"masks": [None] * 3}, "Expected 4 masks (or None) but got 3"),
        (
            {"masks": [None, None, defect(shape=(5, 2)), None]},
            "Expected masks of dtype bool and shape (2, 5) but got bool and (5, 2) for image 2",
        ),
        (
            {"masks": [None, None, None, np.zeros((2, 5), np.uint8)]},
            "Expected masks of dtype bool and shape (2, 5) but got uint8 and (2, 5) for image 3",
        ),
        (
            {"masks": [None, defect((0, 0), (1, 1)), defect(), defect()]},
            "Expected an empty mask for normal image 1 but got 2 anomalous pixels",
        ),
        ({"held_out": np.array([0.0, np.nan])}, "Expected finite scores but got nan for image 1"),
        ({"defects": ["good"] * 3}, "Expected 4 kinds of defects but got 3"),
        ({"fpr_limit": 0.0}, "Expected 0 < fpr_limit <= 1 but got 0.0"),
        ({"fpr_limit": 30}, "Expected 0 < fpr_limit <= 1 but got 30"),
    ],
)
def test_rejections(changes, message):
    with pytest.raises(ValueError, match="Expected") as caught:
        evaluate(**case(**changes))
    assert str(caught.value) == message


def test_result_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        evaluate(**case()).values = {}


def test_names_come_without_numpy_and_scipy():
    program = "import sys, ura_study.metrics; print(sorted({'numpy', 'scipy', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
