"""What is said of a detector's probabilities: by hand, and every reason for an undefined value."""

import math

import numpy as np
import pytest

from ura_study.metrics.names import UNCERTAINTY_METRICS
from ura_study.metrics.uncertainty import TokenMaps, evaluate_uncertainty, joined

SIDE, PIXELS = 6, 12


def square(first, last):
    """A mask of two pixels a token, True on tokens `first`..`last` of each side."""
    mask = np.zeros((PIXELS, PIXELS), bool)
    mask[2 * first : 2 * last + 2, 2 * first : 2 * last + 2] = True
    return mask


def maps(images=2, probability=0.5, epistemic=0.04, aleatoric=0.21):
    shape = (images, SIDE, SIDE)
    return TokenMaps(*(np.full(shape, value, np.float32) for value in (probability, epistemic, aleatoric)))


def test_by_hand():
    # The second image has a defect of 4 × 4 tokens in the corner: 3 × 3 inside, 16 border, 11 outside.
    said = maps()
    inside, border = np.s_[1, :3, :3], [np.s_[1, 3:5, :5], np.s_[1, :5, 3:5]]
    said.epistemic[1], said.aleatoric[1] = 0.0, 0.01
    said.epistemic[inside] = 0.03
    for part in border:
        said.epistemic[part], said.aleatoric[part] = 0.09, 0.16
    metrics, counts = evaluate_uncertainty(said, np.stack([np.zeros((PIXELS, PIXELS), bool), square(0, 3)]))
    assert tuple(metrics.values) == UNCERTAINTY_METRICS
    assert metrics.undefined == {}
    # All are judged anomalous: 11 outside wrong, 9 inside right, then the first image and the border, 45 of 52 wrong.
    risks = [min(k, 11) / k for k in range(1, 21)] + [(11 + 45 / 52 * (k - 20)) / k for k in range(21, 73)]
    assert metrics.values == pytest.approx(
        {
            "ece": 0.5 - 16 / 72,
            "ece_balanced": 0.5 - 16 / 72,
            "brier": 0.25,
            "aurc": sum(risks) / 72,
            "uncertainty_border": 0.5,
            "uncertainty_inside": 0.2,
            "uncertainty_outside": 0.1,
            "epistemic_border": 0.3,
            "epistemic_inside": math.sqrt(0.03),
            "epistemic_outside": 0.0,
        }
    )
    assert (counts.tokens.sum(), counts.anomalous.sum()) == (72, 16)


def test_values_are_plain_floats():
    metrics, _ = evaluate_uncertainty(maps(1), square(0, 3)[None])
    assert {type(value) for value in metrics.values.values()} == {float}


def test_brier_score_is_the_mean_square_error():
    probability = np.random.default_rng(0).random((1, SIDE, SIDE)).astype(np.float32)
    metrics, _ = evaluate_uncertainty(TokenMaps(probability, probability, probability), square(1, 3)[None])
    truth = square(1, 3)[None, ::2, ::2]
    assert metrics.values["brier"] == pytest.approx(np.square(probability - truth).mean(), rel=1e-6)


def test_a_detector_without_probabilities():
    metrics, counts = evaluate_uncertainty(None, square(0, 3)[None])
    assert counts is None
    assert metrics.undefined == dict.fromkeys(UNCERTAINTY_METRICS, "the detector gives no probabilities")
    assert all(math.isnan(value) for value in metrics.values.values())


@pytest.mark.parametrize(
    ("mask", "reasons"),
    [
        (square(2, 3), {"inside": "no token lies inside a defect"}),
        (square(0, 4), {"outside": "no token lies outside a defect"}),
        (square(0, 5), {"border": "no token lies on the border of a defect", "outside": "no token lies outside"}),
    ],
)
def test_a_zone_without_tokens(mask, reasons):
    metrics, _ = evaluate_uncertainty(maps(1), mask[None])
    zones = {name.rpartition("_")[2]: reason for name, reason in metrics.undefined.items() if name != "ece_balanced"}
    assert set(zones) == set(reasons)
    assert all(zones[zone].startswith(reason) for zone, reason in reasons.items())
    assert {name for name, value in metrics.values.items() if math.isnan(value)} == set(metrics.undefined)


@pytest.mark.parametrize(("mask", "missing"), [(square(0, 5), "normal"), (np.zeros((12, 12), bool), "anomalous")])
def test_a_class_without_tokens(mask, missing):
    metrics, _ = evaluate_uncertainty(maps(1), mask[None])
    assert metrics.undefined["ece_balanced"] == f"no {missing} token in any image"
    assert not math.isnan(metrics.values["ece"])


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="Expected 2 masks but got 1"):
        evaluate_uncertainty(maps(2), square(0, 3)[None])


def test_parts_are_joined():
    whole = joined([maps(2), maps(3, probability=0.25)])
    assert whole.probability.shape == (5, SIDE, SIDE)
    assert whole.probability[:, 0, 0].tolist() == [0.5, 0.5, 0.25, 0.25, 0.25]
    assert joined([maps(), None]) is None
