"""Errors by uncertainty: counts by hand, sums, and what calibrated probabilities must give."""

import numpy as np
import pytest

from ura_study.metrics.error_by_uncertainty import EPISTEMIC, TOTAL, error_by_uncertainty, pooled
from ura_study.metrics.uncertainty import TokenMaps


def said(probability, epistemic=0.0):
    probability = np.asarray(probability, np.float64).reshape(1, -1, 1)
    return TokenMaps(probability, np.full_like(probability, epistemic), probability * (1 - probability) - epistemic)


def test_counts_by_hand():
    truth = np.array([False, True, True, False]).reshape(1, -1, 1)
    counts = error_by_uncertainty(
        said([0.0, 1.0, 0.0, 0.5]), truth
    )  # sd 0, 0, 0 (wrong), 0.5 (wrong: half counts as anomalous)
    assert counts.total[0].tolist() == [3, *[0] * 8, 1]
    assert counts.total[1].tolist() == [1, *[0] * 8, 1]
    assert counts.total[2].tolist() == [0, *[0] * 8, 0.5]


def test_bins_begin_with_their_lower_edge_and_nothing_is_lost():
    truth = np.zeros((1, 3, 1), bool)
    maps = TokenMaps(np.zeros((1, 3, 1)), np.square(np.array([0.0, EPISTEMIC[4] * 1.0001, 0.7])).reshape(1, 3, 1), 0.0)
    counts = error_by_uncertainty(maps, truth)
    assert np.flatnonzero(counts.epistemic[0]).tolist() == [0, 4, len(EPISTEMIC) - 2]
    assert counts.epistemic[0].sum() == 3
    assert counts.total.shape == (3, len(TOTAL) - 1)


def test_calibrated_probabilities_keep_their_promise():
    draws = np.random.default_rng(0)
    probability = draws.random(200_000)
    truth = draws.random(200_000) < probability
    counts = error_by_uncertainty(said(probability), truth.reshape(1, -1, 1)).total
    np.testing.assert_allclose(counts[1] / counts[0], counts[2] / counts[0], atol=0.02)
    overconfident = error_by_uncertainty(
        said(np.where(probability < 0.5, 0.05, 0.95)), truth.reshape(1, -1, 1)
    ).total.sum(axis=1)
    assert overconfident[1] > 2 * overconfident[2]


def test_counts_add_up():
    truth = np.array([False, True]).reshape(1, -1, 1)
    one = error_by_uncertainty(said([0.1, 0.9]), truth)
    assert pooled([one, one]).total.tolist() == (2 * one.total).tolist()
    assert pooled([one]).epistemic.tolist() == one.epistemic.tolist()


def test_truth_of_another_shape_is_rejected():
    with pytest.raises(ValueError, match=r"shape \(1, 2, 1\)"):
        error_by_uncertainty(said([0.1, 0.9]), np.zeros((1, 3, 1), bool))
