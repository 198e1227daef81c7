"""DeLong's variance against the definition and scipy's Brunner-Munzel test; coverage and level by simulation."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from ura_study.results.delong import Placements, interval, paired, placements, variance


def drawn(rng, normal, anomalous, shift, seeds=1, shared=0.0, digits=9):
    """Scores (seeds, images) that share a part of their chance, and which images are anomalous."""
    labels = np.repeat([False, True], [normal, anomalous])
    common, own = rng.normal(size=labels.size), rng.normal(size=(seeds, labels.size))
    return np.round(math.sqrt(shared) * common + math.sqrt(1 - shared) * own + shift * labels, digits), labels


def one_by_one(scores, labels):
    """Placements from the definition: every pair of an anomalous and a normal image."""
    wins = np.array([[(a > n) + (a == n) / 2 for n in scores[~labels]] for a in scores[labels]])
    return wins.mean(axis=1), wins.mean(axis=0)


@pytest.mark.parametrize("digits", [9, 0])  # without and with ties
def test_placements_are_those_of_the_definition(digits):
    scores, labels = drawn(np.random.default_rng(0), 7, 12, 1.0, seeds=3, digits=digits)
    found, expected = placements(scores, labels), [one_by_one(one, labels) for one in scores]
    assert found.anomalous == pytest.approx(np.mean([above for above, _ in expected], axis=0))
    assert found.normal == pytest.approx(np.mean([below for _, below in expected], axis=0))
    assert found.auroc == pytest.approx(np.mean([roc_auc_score(labels, one) for one in scores]))


@pytest.mark.parametrize("digits", [9, 0])
def test_variance_and_freedom_are_those_of_brunner_and_munzel(digits):
    (scores,), labels = drawn(np.random.default_rng(1), 6, 15, 1.0, digits=digits)
    found = placements(scores[None], labels)
    total, freedom = variance(found)
    p = 2 * stats.t.sf(abs(found.auroc - 0.5) / math.sqrt(total), freedom)
    assert p == pytest.approx(stats.brunnermunzel(scores[labels], scores[~labels]).pvalue)


def test_the_paired_test_is_that_of_the_covariances():
    scores, labels = drawn(np.random.default_rng(2), 20, 30, 1.0, seeds=2, shared=0.5)
    (above_a, below_a), (above_b, below_b) = (one_by_one(one, labels) for one in scores)
    matrix = np.cov(above_a, above_b) / 30 + np.cov(below_a, below_b) / 20  # DeLong's S
    expected = matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1]
    one, other = (placements(part[None], labels) for part in scores)
    test = paired(one, other)
    assert variance(other - one)[0] == pytest.approx(expected)
    assert test.difference == pytest.approx(roc_auc_score(labels, scores[1]) - roc_auc_score(labels, scores[0]))
    z = abs(test.difference) / math.sqrt(expected)
    assert 2 * stats.norm.sf(z) < test.p < 2 * stats.t.sf(z, 19)
    assert (test.low + test.high) / 2 == pytest.approx(test.difference)
    assert paired(other, one).p == test.p


def test_variance_by_hand():
    # anomalous 3, 1 and normal 2, 0: 3 beats both normal images and 1 beats 0; 2 loses to 3, and 0 to both
    found = placements(np.array([[3.0, 1.0, 2.0, 0.0]]), np.array([True, True, False, False]))
    assert (found.anomalous.tolist(), found.normal.tolist(), found.auroc) == ([1.0, 0.5], [0.5, 1.0], 0.75)
    assert variance(found) == pytest.approx((0.125 / 2 + 0.125 / 2, 2.0))  # equal parts of one degree of freedom each


@pytest.mark.parametrize(("normal", "anomalous", "low"), [(3, 60, 0.2924), (60, 3, 0.2924), (60, 83, 0.9404)])
def test_a_perfect_ranking_has_the_interval_of_clopper_and_pearson(normal, anomalous, low):
    found = Placements(np.ones(anomalous), np.ones(normal))
    fewest = min(normal, anomalous)
    assert interval(found) == (pytest.approx(low, abs=1e-4), 1.0)
    assert interval(found)[0] == pytest.approx(stats.binomtest(fewest, fewest).proportion_ci().low)
    worst = interval(Placements(np.zeros(anomalous), np.zeros(normal)))
    assert worst == (0.0, pytest.approx(1 - low, abs=1e-4))


def test_a_nearly_perfect_ranking_is_no_better_evidence():
    labels = np.repeat([False, True], [20, 60])
    scores = np.where(labels, 1.0, 0.0) + np.arange(80) / 1000
    scores[0] = 1.0205  # one normal image beats one anomalous image
    low, high = interval(placements(scores[None], labels))
    assert low == pytest.approx(0.025 ** (1 / 20))
    assert 0.999 < high < 1


@pytest.mark.parametrize(("anomalous", "normal"), [([1.0, 0.9], [0.95]), ([1.0], [1.0, 1.0]), ([0.5] * 4, [0.5] * 3)])
def test_what_tells_nothing_of_the_spread_has_no_interval(anomalous, normal):
    found = Placements(np.array(anomalous), np.array(normal))
    assert all(map(math.isnan, interval(found)))


def test_equal_detectors_do_not_differ_and_constant_differences_are_no_test():
    one = Placements(np.array([1.0, 0.5]), np.array([0.5, 1.0]))
    test = paired(one, one)
    assert (test.difference, test.p, math.isnan(test.low)) == (0.0, 1.0, True)
    none = paired(Placements(np.zeros(4), np.zeros(3)), Placements(np.ones(4), np.ones(3)))
    assert (none.difference, math.isnan(none.p), math.isnan(none.low)) == (1.0, True, True)
    assert math.isnan(paired(Placements(np.ones(1), np.ones(3)), Placements(np.ones(1), np.ones(3))).p)


@pytest.mark.parametrize(
    ("normal", "anomalous", "auroc"), [(3, 60, 0.97), (20, 60, 0.9), (20, 60, 0.99), (60, 60, 0.99)]
)
@pytest.mark.parametrize("wide", [1.0, 3.0])
def test_intervals_cover_the_true_auroc(normal, anomalous, auroc, wide):
    rng, labels = np.random.default_rng(normal), np.repeat([False, True], [normal, anomalous])
    shift = stats.norm.ppf(auroc) * math.sqrt(1 + wide**2)
    scores = rng.normal(size=(800, labels.size)) * np.where(labels, wide, 1) + shift * labels
    ends = np.array([interval(placements(one[None], labels)) for one in scores])
    covered = np.mean((ends[:, 0] <= auroc) & (auroc <= ends[:, 1]))
    assert covered > 0.95 - 0.023  # 3 standard errors


@pytest.mark.parametrize(("normal", "anomalous", "shift"), [(3, 60, 0.74), (10, 30, 0.74), (40, 60, 1.2)])
def test_the_paired_test_keeps_its_level_under_the_null(normal, anomalous, shift):
    """Images are shared and one as hard for both; the normal quantile would reject 12 % with 3 normal images."""
    rng, rejected = np.random.default_rng(7), 0
    for _ in range(600):
        scores, labels = drawn(rng, normal, anomalous, shift, seeds=2, shared=0.5)
        rejected += paired(*(placements(one[None], labels) for one in scores)).p < 0.05
    assert 0.01 < rejected / 600 < 0.05 + 0.027  # 3 standard errors
