"""The Bayesian signed-rank test against baycomp, the reference of its authors, and by hand."""

import math

import baycomp
import numpy as np
import pytest

from ura_study.results.equivalence import judged, posterior

ROPE = 0.005


@pytest.mark.parametrize("units", [2, 3, 7, 15, 40])
@pytest.mark.parametrize("mean", [-0.006, 0.0, 0.003])
def test_it_is_baycomps(units, mean):
    differences = np.random.default_rng(units).normal(mean, 0.008, units)
    expected = baycomp.SignedRankTest.probs(
        np.zeros(units), differences, rope=ROPE, nsamples=10_000, random_state=units
    )
    assert posterior(differences, ROPE) == pytest.approx(expected, abs=0.02)  # 3 standard errors of a difference


def test_one_difference_by_hand():
    # weights (w, 1 - w) of the prior at 0 and of the difference 0.01, w ~ Beta(0.5, 1), so P(w < x) = sqrt(x).
    # Means of two: 0 and 0.005 are not above the region (the latter half), 0.01 is. Mass above: (1 - w)^2 + w (1 - w)
    # = 1 - w; it is the largest where w < 1/2.
    found = posterior(np.array([0.01]), ROPE)
    assert found == pytest.approx((0, 1 - math.sqrt(0.5), math.sqrt(0.5)), abs=0.015)


def test_a_prior_at_infinity_by_hand():
    # Mass within: (1 - w)^2 of weights w ~ Beta(0.5, 1), the largest where w < 1 - sqrt(1/2)
    found = posterior(np.array([0.0]), ROPE, math.inf)
    assert found == pytest.approx((0, math.sqrt(1 - math.sqrt(0.5)), 1 - math.sqrt(1 - math.sqrt(0.5))), abs=0.015)


def test_signs_turned_turn_the_sides():
    differences = np.random.default_rng(0).normal(0.003, 0.008, 9)
    one, other = posterior(differences, ROPE), posterior(-differences, ROPE)
    assert one == other[::-1]
    assert sum(one) == pytest.approx(1)
    assert posterior(differences, ROPE) == one  # no draw before it matters


@pytest.mark.parametrize(("units", "sure"), [(2, False), (5, False), (6, True), (15, True)])
def test_few_small_differences_are_no_proof_of_equivalence(units, sure):
    found, negligible = judged(np.full(units, 0.001), ROPE)
    assert found == (0.0, 1.0, 0.0)
    assert negligible == sure


@pytest.mark.parametrize("differences", [[0.02] * 9, [0.004, 0.006] * 5, [-0.02, 0.02] * 5])
def test_what_is_not_small_is_not_negligible(differences):
    assert not judged(np.array(differences), ROPE)[1]
