"""The paired bootstrap: resampled metrics against the metrics themselves, what is drawn, and coverage by simulation."""

import math

import numpy as np
import pytest

from ura_study.metrics.ranking import ap, f1_max, rank
from ura_study.results.resampling import interval, measured, resamples

METRICS = {"image_ap": lambda curve: ap(curve), "image_f1_max": lambda curve: f1_max(curve)[0]}
DEFECTS = ("good",) * 12 + ("hole",) * 5 + ("cut",) * 9


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("digits", [9, 0])  # without and with ties
def test_a_resample_is_worth_what_its_images_are(name, digits):
    scores, counts = np.round(np.random.default_rng(0).normal(size=26), digits), resamples(DEFECTS)[:20]
    anomalous = np.array([defect != "good" for defect in DEFECTS])
    expected = [METRICS[name](rank(np.repeat(anomalous, drawn), np.repeat(scores, drawn))) for drawn in counts]
    assert measured(name, scores, anomalous, counts) == pytest.approx(expected)


def test_each_kind_of_defect_keeps_its_number_of_images():
    counts = resamples(DEFECTS)
    assert counts.shape == (2000, 26)
    assert [set(counts[:, part].sum(axis=1)) for part in (slice(12), slice(12, 17), slice(17, 26))] == [{12}, {5}, {9}]
    assert counts.mean(axis=0) == pytest.approx(np.ones(26), abs=0.1)
    assert np.array_equal(resamples(DEFECTS), counts)


def test_the_interval_by_hand():
    # 3 images: quantile of t with 2 degrees of freedom 4.3027, standard deviation 1, enlarged by sqrt(3 / 2)
    half = 4.3027 * math.sqrt(1.5)
    assert interval(0.5, np.array([-1.0, 1.0]), 3) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-4)


@pytest.mark.parametrize(("resampled", "fewest"), [([0.0] * 9, 20), ([0.1, 0.2], 1)])
def test_what_does_not_vary_has_no_interval(resampled, fewest):
    assert all(map(math.isnan, interval(0.1, np.array(resampled), fewest)))


@pytest.mark.parametrize("name", METRICS)
def test_intervals_cover_no_difference(name):
    rng, anomalous = np.random.default_rng(1), np.repeat([False, True], [10, 30])
    counts, covered = resamples(["good"] * 10 + ["hole"] * 30)[:500], 0
    for _ in range(300):
        common, first, second = rng.normal(size=(3, 40))
        both = [measured(name, common + own + 2 * anomalous, anomalous, counts) for own in (first, second)]
        once = [
            measured(name, common + own + 2 * anomalous, anomalous, np.ones((1, 40), int))[0] for own in (first, second)
        ]
        low, high = interval(once[1] - once[0], both[1] - both[0], 10)
        covered += not low > 0 and not high < 0
    assert covered / 300 > 0.95 - 0.038  # 3 standard errors
