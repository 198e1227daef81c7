"""Calibration: by hand, against scikit-learn, and what must hold of any probabilities."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.calibration import calibration_curve

from ura_study.metrics.calibration import BINS, Reliability, ece, ece_balanced, pooled, reliability

probabilities = arrays(np.float32, 40, elements=st.floats(0, 1, width=32))
truths = arrays(bool, 40)


def test_by_hand():
    # Four bins, [0, .25) [.25, .5) [.5, .75) [.75, 1]:
    #   probability   .1 .2   | -    | .5 .7 .7  | 1
    #   anomalous      0  0   |      |  1  0  1  | 1
    # gaps |.3 - 0| / 2 = .15,       |1.9 - 2| / 3 = 1/30,   0
    p = np.array([0.1, 0.7, 0.5, 1.0, 0.2, 0.7])
    counts = reliability(p, np.array([False, False, True, True, False, True]), bins=4)
    assert counts.tokens.tolist() == [2, 0, 3, 1]
    assert counts.expected == pytest.approx([0.3, 0, 1.9, 1.0])
    assert counts.anomalous.tolist() == [0, 0, 2, 1]
    assert counts.probability == pytest.approx([0.15, np.nan, 1.9 / 3, 1.0], nan_ok=True)
    assert counts.share == pytest.approx([0, np.nan, 2 / 3, 1.0], nan_ok=True)
    assert ece(counts) == pytest.approx((0.3 + 0.1) / 6)
    # Anomalous tokens lie in the bins as 0, 0, 2/3, 1/3, normal ones as 2/3, 0, 1/3, 0.
    assert ece_balanced(counts) == pytest.approx((0.15 * 2 / 3 + 1 / 30 * (2 / 3 + 1 / 3)) / 2)


def test_bins_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    p = random.random(5000) ** 3
    truth = random.random(5000) < p**0.5
    counts = reliability(p, truth)
    share, probability = calibration_curve(truth, p, n_bins=BINS)
    taken = counts.tokens > 0
    np.testing.assert_allclose(counts.share[taken], share)
    np.testing.assert_allclose(counts.probability[taken], probability)
    assert ece(counts) == pytest.approx(np.average(np.abs(share - probability), weights=counts.tokens[taken]))


@pytest.mark.parametrize("error", [ece, ece_balanced])
def test_what_is_calibrated_has_hardly_any_error_however_rare_anomalies_are(error):
    random = np.random.default_rng(1)
    p = random.random(2_000_000) ** 20  # 5 % anomalous
    assert error(reliability(p, random.random(p.shape) < p)) < 0.005


def test_what_is_missed_weighs_more_when_classes_are_balanced():
    # 98 normal tokens said to be so; of 2 anomalous ones, one is missed and one is found.
    p, truth = np.zeros(100), np.zeros(100, bool)
    truth[:2], p[0] = True, 1.0
    counts = reliability(p, truth)
    assert ece(counts) == pytest.approx(0.01)
    assert ece_balanced(counts) == pytest.approx((0.5 + 1) / 2 * (1 / 99))


@pytest.mark.parametrize(("constant", "error"), [(0.0, 0.25), (0.25, 0.0), (0.5, 0.25), (1.0, 0.75)])
def test_a_constant_is_wrong_by_its_distance_from_the_share(constant, error):
    truth = np.arange(8) % 4 == 0
    counts = reliability(np.full(8, constant), truth)
    assert ece(counts) == pytest.approx(error)
    assert ece_balanced(counts) == pytest.approx(error)


@given(probabilities, truths)
def test_errors_lie_between_0_and_1_and_counts_are_complete(p, truth):
    counts = reliability(p, truth)
    assert counts.tokens.sum() == 40
    assert counts.anomalous.sum() == truth.sum()
    assert counts.expected.sum() == pytest.approx(p.sum(dtype=float))
    assert 0 <= ece(counts) <= 1
    assert math.isnan(ece_balanced(counts)) == (truth.all() or not truth.any())


@given(probabilities, truths, st.integers(0, 40))
def test_counts_of_parts_add_up(p, truth, cut):
    whole = reliability(p, truth)
    parts = pooled([reliability(p[:cut], truth[:cut]), reliability(p[cut:], truth[cut:])])
    assert parts.tokens.tolist() == whole.tokens.tolist()
    assert parts.anomalous.tolist() == whole.anomalous.tolist()
    np.testing.assert_allclose(parts.expected, whole.expected)


@given(probabilities, truths)
def test_lists_bring_the_counts_back(p, truth):
    counts = reliability(p, truth)
    again = Reliability.of(counts.lists())
    assert ece(again) == pytest.approx(ece(counts), abs=1e-4)
    assert again.lists() == counts.lists()


def test_without_tokens_there_is_no_error():
    nothing = reliability(np.zeros(0), np.zeros(0, bool))
    assert math.isnan(ece(nothing))
    assert math.isnan(ece_balanced(nothing))


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(ValueError, match=r"Expected probabilities in 0\.\.1"):
        reliability(np.array([0.5, value]), np.array([True, False]))


@pytest.mark.parametrize("truth", [np.zeros(3, bool), np.zeros(2, int)])
def test_truth_that_does_not_fit_is_refused(truth):
    with pytest.raises(ValueError, match=r"Expected truth of dtype bool and shape \(2,\) but got"):
        reliability(np.array([0.5, 0.1]), truth)
