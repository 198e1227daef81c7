import numpy as np
import pytest

from ura_study.metrics.risk import risk_coverage_area


def test_by_hand():
    """From the least uncertain on: right, wrong, right, so risks 0, 1/2 and 1/3."""
    area = risk_coverage_area(np.array([[0.3, 0.1, 0.2]]), np.array([[False, False, True]]))
    assert area == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_an_uncertainty_that_says_nothing_has_the_error_rate():
    wrong = np.arange(100) % 5 == 0
    assert risk_coverage_area(np.zeros(100), wrong) == pytest.approx(0.2)


def test_errors_last_are_best_and_errors_first_are_worst():
    wrong = np.arange(100) >= 90
    best, worst = (risk_coverage_area(order, wrong) for order in (np.arange(100), -np.arange(100)))
    assert best < 0.1 < worst
    assert best == pytest.approx(sum(k / (90 + k) for k in range(1, 11)) / 100)


def test_shapes_must_fit():
    with pytest.raises(ValueError, match="Expected two equal"):
        risk_coverage_area(np.zeros(3), np.zeros(2, bool))
    with pytest.raises(ValueError, match="Expected two equal"):
        risk_coverage_area(np.zeros(0), np.zeros(0, bool))
