"""Effects by hand, and of a complete design against least squares."""

import itertools

import numpy as np
import pytest

from ura_study.results.effects import effects


def design(parts, units=1, seed=0):
    return np.random.default_rng(seed).normal(size=(*(2,) * parts, units))


def complete(values):
    return np.ones(values.shape[:-1], bool)


def test_two_parts_by_hand():
    #       B off  B on
    # A off   10    12
    # A on    13    20
    values = np.array([[[10.0], [12.0]], [[13.0], [20.0]]])
    a, b, both = effects(values, complete(values))
    assert (a.axes, a.values.tolist()) == ((0,), [(3 + 8) / 2])
    assert (b.axes, b.values.tolist()) == ((1,), [(2 + 7) / 2])
    assert (both.axes, both.values.tolist()) == ((0, 1), [8.0 - 3.0])
    assert [(e.contexts, e.possible) for e in (a, b, both)] == [(2, 2), (2, 2), (1, 1)]


@pytest.mark.parametrize("parts", [2, 3, 4])
def test_a_complete_design_is_a_regression_on_parts_that_are_minus_and_plus_one_half(parts):
    values = design(parts, units=3)
    coded = np.array(list(itertools.product((-0.5, 0.5), repeat=parts)))  # (variants, parts)
    pairs = list(itertools.combinations(range(parts), 2))
    terms = [np.ones(len(coded)), *coded.T, *(coded[:, i] * coded[:, j] for i, j in pairs)]
    fitted = np.linalg.lstsq(np.stack(terms, axis=1), values.reshape(-1, 3), rcond=None)[0]
    found = effects(values, complete(values))
    assert [e.axes for e in found] == [*((i,) for i in range(parts)), *pairs]
    np.testing.assert_allclose([e.values for e in found], fitted[1:], atol=1e-12)


def test_what_cannot_be_is_no_context():
    """As of URA-Net: A alone cannot be."""
    values, exists = design(3), np.ones((2, 2, 2), bool)
    exists[1, 0, 0] = False
    values[1, 0, 0] = np.nan
    v = values[..., 0]
    a, b, c, ab, ac, bc = effects(values, exists)
    assert a.values[0] == pytest.approx(np.mean([v[1, i, j] - v[0, i, j] for i, j in ((0, 1), (1, 0), (1, 1))]))
    assert b.values[0] == pytest.approx(np.mean([v[i, 1, j] - v[i, 0, j] for i, j in ((0, 0), (0, 1), (1, 1))]))
    assert bc.values[0] == pytest.approx((v[0, 1, 1] - v[0, 1, 0]) - (v[0, 0, 1] - v[0, 0, 0]))
    assert [e.contexts for e in (a, b, c, ab, ac, bc)] == [3, 3, 3, 1, 1, 1]
    assert [e.possible for e in (a, ab)] == [4, 2]


def test_an_effect_that_nothing_shows_is_left_out():
    exists = np.array([[True, True], [False, True]])
    assert [e.axes for e in effects(design(2), exists)] == [(0,), (1,)]


def test_a_missing_value_spoils_its_unit_alone():
    values = design(2, units=2)
    values[0, 1, 1] = np.nan
    for effect in effects(values, complete(values)):
        assert np.isnan(effect.values).tolist() == [False, True]
