import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ura_study.results.statistics import holm, interval, signed_rank


def by_all_signs(differences):
    """p and effect straight from the definition: every assignment of signs is equally likely."""
    changed = [d for d in differences if d]
    ranks = stats.rankdata(np.abs(changed))
    positive = sum(rank for rank, d in zip(ranks, changed, strict=True) if d > 0)
    sums = [sum(itertools.compress(ranks, signs)) for signs in itertools.product([0, 1], repeat=len(ranks))]
    tail = min(sum(s >= positive for s in sums), sum(s <= positive for s in sums)) / len(sums)
    return min(1.0, 2 * tail), (2 * positive - sum(ranks)) / sum(ranks)


@pytest.mark.parametrize("count", [1, 2, 5, 8, 20, 50])
def test_signed_rank_without_ties_is_scipys_exact_test(count):
    differences = np.random.default_rng(count).normal(0.3, 1, count)
    assert signed_rank(differences).p == pytest.approx(stats.wilcoxon(differences, method="exact").pvalue, abs=1e-12)


def test_signed_rank_with_ties_is_scipys_permutation_test():
    differences = np.array([0.1, 0.1, -0.2, 0.3, 0.3, 0.3, -0.1, 0.5])
    permuted = stats.wilcoxon(differences, method=stats.PermutationMethod(n_resamples=2**8))
    assert signed_rank(differences).p == pytest.approx(permuted.pvalue, abs=1e-12)


def test_signed_rank_by_hand():
    # ranks 1, 2, 3, 4; W+ = 1 + 2 + 4 = 7, W- = 3: 3 of 16 sign patterns have W+ <= 2... W+ >= 7 in 5 of 16
    test = signed_rank(np.array([1.0, 2.0, -3.0, 4.0]))
    assert (test.p, test.effect, test.smallest_p) == (2 * 5 / 16, (7 - 3) / 10, 1 / 8)


def test_three_pairs_never_fall_below_a_quarter():
    test = signed_rank(np.array([0.5, 0.6, 0.7]))
    assert (test.p, test.effect, test.smallest_p) == (0.25, 1.0, 0.25)


def test_zeros_are_dropped_and_alone_say_nothing():
    assert signed_rank(np.array([0.0, 1.0, 0.0, -2.0])) == signed_rank(np.array([1.0, -2.0]))
    test = signed_rank(np.zeros(4))
    assert (test.p, test.effect, test.smallest_p, test.differing) == (1.0, 0.0, 1.0, 0)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9).filter(any))
def test_signed_rank_is_what_all_signs_say(differences):
    test = signed_rank(np.array(differences, float))
    assert (test.p, test.effect) == pytest.approx(by_all_signs(differences))
    assert test.smallest_p <= test.p + 1e-12


def test_many_pairs_do_not_overflow():
    differences = np.random.default_rng(0).normal(0.02, 1, 300)
    assert signed_rank(differences).p == pytest.approx(stats.wilcoxon(differences).pvalue, abs=1e-3)


def test_signed_rank_keeps_its_level_under_the_null():
    draws = np.random.default_rng(0).normal(size=(1000, 15))
    rate = np.mean([signed_rank(draw).p < 0.05 for draw in draws])
    assert 0.03 < rate < 0.07  # 0.05 ± 3 standard errors


def test_interval_is_scipys_t_interval():
    differences = np.random.default_rng(1).normal(0.1, 0.3, 12)
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert interval(differences) == pytest.approx((expected.low, expected.high))


def test_interval_by_hand():
    # mean 2, standard error 1 / sqrt(3), quantile 4.3027 for 2 degrees of freedom
    assert interval(np.array([1.0, 2.0, 3.0])) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)


@pytest.mark.parametrize("differences", [[], [0.1], [0.25] * 6, [0.0] * 15])
def test_units_that_tell_nothing_of_their_spread_have_no_interval(differences):
    assert all(map(math.isnan, interval(np.array(differences))))


@pytest.mark.parametrize("units", [2, 3, 5, 7, 15])
def test_intervals_of_normal_differences_cover_the_true_mean(units):
    draws = np.random.default_rng(units).normal(0.5, 1, (4000, units))
    ends = np.array([interval(draw) for draw in draws])
    covered = np.mean((ends[:, 0] <= 0.5) & (ends[:, 1] >= 0.5))
    assert covered == pytest.approx(0.95, abs=0.0105)  # 3 standard errors


@pytest.mark.parametrize("units", [3, 7, 15])
def test_intervals_of_skewed_differences_cover_what_the_docstring_says(units):
    draws = np.random.default_rng(units).exponential(size=(4000, units))
    ends = np.array([interval(draw) for draw in draws])
    assert 0.86 < np.mean((ends[:, 0] <= 1) & (ends[:, 1] >= 1)) < 0.93


def test_holm_by_hand():
    # sorted: 0.01·4, 0.02·3, 0.03·2, 0.5·1; the third may not fall below the second
    corrected = holm(np.array([0.03, 0.01, 0.5, 0.02]))
    assert corrected.tolist() == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm(np.array([0.4, math.nan, 0.9]))[[0, 2]].tolist() == [0.8, 0.9]
    assert math.isnan(holm(np.array([math.nan]))[0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.999))
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values, alpha):
    rejected = set()
    for step, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if (len(p_values) - step) * p_values[index] > alpha:
            break
        rejected.add(index)
    assert {i for i, p in enumerate(holm(np.array(p_values))) if p <= alpha} == rejected


def test_holm_keeps_the_family_wise_error():
    tests = np.random.default_rng(4).uniform(size=(2000, 6))
    assert np.mean([holm(p).min() < 0.05 for p in tests]) == pytest.approx(0.05, abs=0.015)
