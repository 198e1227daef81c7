"""Curves read off at fixed places: by hand, against scikit-learn, and against the metrics that are their areas."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from ura_study.metrics import ranking
from ura_study.metrics.curves import POINTS, precision_recall, pro, roc
from ura_study.metrics.evaluate import evaluate
from ura_study.metrics.ranking import ap, auroc, rank, recall_gains
from ura_study.metrics.regions import aupro, region_areas, rises

AT = np.linspace(0, 1, POINTS)


def ranked(labels, scores):
    return rank(np.array(labels, bool), np.array(scores, np.float32))


def roc_of(curve):
    return roc(curve, recall_gains(curve))


def test_roc_by_hand():
    curve = roc_of(ranked([1, 0, 1, 0], [4, 3, 2, 1]))  # up to 0.5 at once, then at FPR 0.5 up to 1
    np.testing.assert_allclose(curve[AT < 0.499], 0.5)
    np.testing.assert_allclose(curve[AT > 0.499], 1.0)


def test_a_tie_of_all_is_a_straight_line():
    np.testing.assert_allclose(roc_of(ranked([1, 0, 1, 0], [1, 1, 1, 1])), AT, atol=1e-12)


def test_precision_recall_by_hand():
    curve = precision_recall(ranked([1, 0, 1, 0], [4, 3, 2, 1]))
    np.testing.assert_allclose(curve[AT <= 0.5], 1.0)
    np.testing.assert_allclose(curve[AT > 0.5], 2 / 3)


def test_pro_by_hand():
    masks = np.zeros((1, 1, 12), bool)
    masks[0, 0, [0, 1, 3]] = True  # regions of 2 pixels and of 1
    scores = np.zeros((1, 1, 12), np.float32)
    scores[0, 0, [0, 3, 4]] = [3, 1, 2]  # half a region; a normal pixel (FPR 1/9); the other region; then all the rest
    ranking = rank(masks, scores)
    curve = pro(ranking, rises(ranking, region_areas(masks)), 0.2)
    at = np.linspace(0, 0.2, POINTS)
    np.testing.assert_allclose(curve[at < 0.111], 0.25)
    np.testing.assert_allclose(curve[at >= 0.112], 0.75 + 0.25 * (at[at >= 0.112] - 1 / 9) / (8 / 9))


SCORED = st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2, max_size=60).filter(
    lambda pairs: len({label for label, _ in pairs}) == 2
)


@given(SCORED)
def test_agrees_with_scikit_learn_where_nothing_jumps(pairs):
    labels, scores = map(np.array, zip(*pairs, strict=True))
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    curve = roc_of(ranked(labels, scores))
    clear = np.array([not np.isclose(fpr, x, atol=1e-9).any() for x in AT])
    np.testing.assert_allclose(curve[clear], np.interp(AT[clear], fpr, tpr), atol=1e-9)
    upper = [tpr[np.isclose(fpr, x, atol=1e-9)].max() for x in AT[~clear]]
    np.testing.assert_allclose(curve[~clear], upper, atol=1e-9)


@given(SCORED)
def test_curves_lie_in_0_to_1(pairs):
    labels, scores = map(np.array, zip(*pairs, strict=True))
    curve = ranked(labels, scores)
    for values in (roc_of(curve), precision_recall(curve)):
        assert ((values >= 0) & (values <= 1)).all()
    assert (np.diff(roc_of(curve)) >= 0).all()


@given(SCORED, st.integers(1, 4))
def test_blocks_change_nothing(pairs, size):
    curve = ranked(*zip(*pairs, strict=True))
    whole, precision = roc_of(curve), precision_recall(curve)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "BLOCK", size)
        np.testing.assert_array_equal(roc_of(curve), whole)
        np.testing.assert_array_equal(precision_recall(curve), precision)


def test_areas_are_the_metrics_up_to_the_spacing():
    generator = np.random.default_rng(0)
    masks = generator.random((4, 40, 40)) < 0.1
    maps = (generator.random(masks.shape) + 0.4 * masks).astype(np.float32)
    curve, areas = rank(masks, maps), region_areas(masks)
    assert np.trapezoid(roc_of(curve), AT) == pytest.approx(auroc(curve), abs=2e-3)
    assert precision_recall(curve)[1:].mean() == pytest.approx(ap(curve), abs=5e-3)
    overlap = pro(curve, rises(curve, areas), 0.3)
    assert np.trapezoid(overlap, np.linspace(0, 0.3, POINTS)) / 0.3 == pytest.approx(aupro(curve, areas), abs=2e-3)


def test_an_evaluation_has_the_curves_of_the_metrics_that_it_has():
    labels, scores = np.array([False, True]), np.array([0.0, 1.0])
    maps, mask = torch.zeros(2, 4, 4), np.eye(4, dtype=bool)
    assert set(evaluate(labels, scores, maps, [None, mask]).curves) == {
        *("image_roc", "image_pr", "pixel_roc", "pixel_pr", "pixel_pro"),
    }
    assert set(evaluate(labels, scores, maps, [None, None]).curves) == {"image_roc", "image_pr"}
    assert evaluate(~np.zeros(2, bool), scores, maps, [None, None]).curves == {}
