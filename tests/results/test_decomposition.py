"""The analysis of variance of a grid: by hand, against least squares, and by simulation."""

import math

import numpy as np
import pytest

from ura_study.results.decomposition import decomposed


def shares(values) -> dict[tuple[int, ...], float]:
    return {share.axes: share.share for share in decomposed(np.array(values, dtype=float))}


def test_two_keys_by_hand():
    # means of rows 1, 5 and of columns 2, 4, of all 3: rows 4·2² = 16, columns 4·1² = 4; what is left of
    # [[1, 1], [3, 7]] is ±1 in each cell: 4
    assert shares([[[1], [1]], [[3], [7]]]) == pytest.approx({(0,): 16 / 24, (1,): 4 / 24, (0, 1): 4 / 24})


def test_keys_that_only_add_up_do_not_interact():
    values = np.add.outer([0.1, 0.5, 0.3], [0.0, 0.2])[..., None]
    found = shares(values)
    assert found[0, 1] == pytest.approx(0, abs=1e-12)
    assert sum(found.values()) == pytest.approx(1)


def test_what_seeds_do_is_apart():
    # cells 0 and 2 on two seeds that differ by 2: each does the same
    found = decomposed(np.array([[[0.0, 2.0]], [[2.0, 4.0]]]))
    assert [(s.axes, s.share) for s in found] == [((0,), 0.5), ((1,), 0.0), ((0, 1), 0.0), ((), 0.5)]
    assert found[0].chance == 0  # the seeds shift all cells alike: no noise
    assert math.isnan(found[-1].chance)


def test_three_keys_have_all_interactions():
    found = shares(np.random.default_rng(0).normal(size=(2, 3, 2, 2)))
    assert list(found) == [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2), ()]
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) > 0


def fitted(values, effects) -> float:
    """Return the sum of squares that a linear model with a dummy for each combination of levels leaves."""
    where = np.indices(values.shape).reshape(values.ndim, -1)
    columns = [np.ones((values.size, 1))]
    for axes in effects:
        codes = np.ravel_multi_index([where[axis] for axis in axes], [values.shape[axis] for axis in axes])
        columns.append(np.eye(codes.max() + 1)[codes])
    design, y = np.hstack(columns), values.reshape(-1)
    return float(((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2).sum())


def test_shares_are_what_models_of_least_squares_gain():
    values = np.random.default_rng(1).normal(size=(3, 4, 2))
    total, (a, b, both) = fitted(values, []), (fitted(values, e) for e in ([(0,)], [(1,)], [(0,), (1,), (0, 1)]))
    assert shares(values) == pytest.approx(
        {
            (0,): (total - a) / total,
            (1,): (total - b) / total,
            (0, 1): (fitted(values, [(0,), (1,)]) - both) / total,
            (): both / total,
        }
    )


def test_chance_is_what_an_absent_interaction_gets_on_average():
    draws, found = np.random.default_rng(2), []
    for _ in range(300):
        values = draws.normal(size=(3, 1, 1)) + draws.normal(size=(1, 3, 1)) + draws.normal(size=(1, 1, 3))
        found.append(decomposed(values + 0.5 * draws.normal(size=(3, 3, 3)))[2])
    assert np.mean([s.share for s in found]) == pytest.approx(np.mean([s.chance for s in found]), rel=0.1)


def test_one_seed_has_no_chance_and_equal_values_have_no_shares():
    assert all(math.isnan(share.chance) for share in decomposed(np.random.default_rng(3).normal(size=(2, 2, 1))))
    assert decomposed(np.full((2, 3, 2), 0.7)) == []
