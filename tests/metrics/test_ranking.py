"""AUROC, average precision and F1: by hand, against scikit-learn, and properties."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from ura_study.metrics import ranking
from ura_study.metrics.ranking import (
    ap,
    area_under,
    ascending,
    auroc,
    counted,
    f1_max,
    rank,
    recall_gains,
    tiers,
)

# Both classes are there, and integers between 0 and 4 make many ties.
items = st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=40).filter(
    lambda pairs: len({label for label, _ in pairs}) == 2
)


def curve_of(anomalous, normal):
    labels = np.repeat([True, False], [len(anomalous), len(normal)])
    return rank(labels, np.array([*anomalous, *normal], dtype=np.float32))


def arrays(pairs):
    labels, scores = zip(*pairs, strict=True)
    return np.array(labels), np.array(scores, dtype=np.float32)


def metrics(labels, scores):
    curve = rank(labels, scores)
    return auroc(curve), ap(curve), f1_max(curve)[0]


# score      5  4  3  2  0
# anomalous  x  x     x        P = 3
# normal           xx x  xxxxxxx   Q = 10
ANOMALOUS, NORMAL = [5, 4, 2], [3, 3, 2, 0, 0, 0, 0, 0, 0, 0]


def test_curve_by_hand():
    curve = curve_of(ANOMALOUS, NORMAL)
    assert curve.thresholds.tolist() == [5, 4, 2]  # 3 and 0 are scores of normal items only
    assert curve.tp.tolist() == [1, 2, 3]
    assert curve.fp_above.tolist() == [0, 0, 2]
    assert curve.fp.tolist() == [0, 0, 3]
    assert (curve.anomalies, curve.normals) == (3, 10)


def test_auroc_by_hand():
    # 5 and 4 outrank all 10 normal items, 2 outranks 7 and ties with one: (10 + 10 + 7.5) / (3 * 10)
    assert auroc(curve_of(ANOMALOUS, NORMAL)) == pytest.approx(27.5 / 30)


def test_auroc_up_to_a_limit_by_hand():
    # TPR is 2/3 up to FPR 0.2 and then climbs to 1 at 0.3; at 0.25 it is 5/6:
    # 0.2 * 2/3 + 0.05 * (2/3 + 5/6) / 2 = 0.1333 + 0.0375
    curve = curve_of(ANOMALOUS, NORMAL)
    assert area_under(curve, recall_gains(curve), 0.25) == pytest.approx((0.4 / 3 + 0.0375) / 0.25)


def test_ap_by_hand():
    # recall gains 1/3 at precision 1, 1/3 at precision 1, 1/3 at precision 3 / 6
    assert ap(curve_of(ANOMALOUS, NORMAL)) == pytest.approx((1 + 1 + 0.5) / 3)


def test_f1_max_by_hand():
    # F1 at 5, 4, 2: 2 / (3 + 1), 4 / (3 + 2), 6 / (3 + 6)
    assert f1_max(curve_of(ANOMALOUS, NORMAL)) == (0.8, 4.0)


def test_f1_max_takes_the_highest_of_equal_thresholds():
    # F1 at 3: 2 * 1 / (2 + 1); at 1: 2 * 2 / (2 + 4)
    assert f1_max(curve_of([3, 1], [2, 2, 0])) == (pytest.approx(2 / 3), 3.0)


def test_equal_scores_are_chance():
    curve = curve_of([1, 1], [1, 1, 1])
    # everything is called anomalous: precision 2 / 5, F1 = 2 * 2 / (2 + 5)
    assert (auroc(curve), ap(curve), *f1_max(curve)) == pytest.approx((0.5, 0.4, 4 / 7, 1.0))


@pytest.mark.parametrize("count", [1, 3, 7, 1000])
def test_faultless_ranking_is_exactly_one(count):
    curve = curve_of(np.arange(count) + 1, [0, 0, -1])
    assert (auroc(curve), ap(curve), f1_max(curve)) == (1.0, 1.0, (1.0, 1.0))


def test_reversed_ranking_has_no_area():
    assert auroc(curve_of([0, 1], [2, 3])) == 0.0


def test_rounding_never_leads_below_zero():
    areas = [auroc(curve_of(range(count), [count])) for count in range(1, 100)]  # shares 1 / count may sum to over 1
    assert all(0 <= area < 1e-12 for area in areas)


def test_positive_and_negative_zero_tie():
    assert auroc(curve_of([0.0], [-0.0])) == 0.5


def test_one_outlier_changes_one_rank():
    # Evenly spaced thresholds between 0 and 1e9 would put all but the outlier into one bin.
    normal = np.arange(100) / 100
    curve = curve_of([2, 3], [*normal[:-1], 1e9])
    assert auroc(curve) == pytest.approx(0.99)  # each anomalous item outranks 99 of 100
    assert f1_max(curve) == (pytest.approx(4 / 5), 2.0)  # TP = 2, FP = 1


@pytest.mark.parametrize("distinct", [2, 30, 100_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_agrees_with_scikit_learn(distinct, dtype):
    generator = np.random.default_rng(distinct)
    labels = generator.random(2000) < 0.1
    scores = (generator.integers(0, distinct, 2000) + distinct // 3 * labels).astype(dtype)
    precision, recall, _ = precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    expected = roc_auc_score(labels, scores), average_precision_score(labels, scores), f1.max()
    assert metrics(labels, scores) == pytest.approx(expected, abs=1e-12)


@given(items)
def test_agrees_with_scikit_learn_under_ties(pairs):
    labels, scores = arrays(pairs)
    found = metrics(labels, scores)
    assert found[:2] == pytest.approx((roc_auc_score(labels, scores), average_precision_score(labels, scores)))


@given(items)
def test_values_lie_in_0_to_1(pairs):
    assert all(0 <= value <= 1 for value in metrics(*arrays(pairs)))


@given(items)
def test_f1_threshold_reaches_its_f1(pairs):
    labels, scores = arrays(pairs)
    value, threshold = f1_max(rank(labels, scores))
    called = scores >= threshold
    assert value == pytest.approx(2 * (called & labels).sum() / (called.sum() + labels.sum()))


@given(items, st.lists(st.floats(0.01, 100), min_size=5, max_size=5))
def test_increasing_transform_changes_nothing(pairs, steps):
    labels, scores = arrays(pairs)
    assert metrics(labels, np.cumsum(steps)[scores.astype(int)]) == metrics(labels, scores)


@given(items, st.randoms(use_true_random=False))
def test_order_of_items_changes_nothing(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    assert metrics(*arrays(shuffled)) == metrics(*arrays(pairs))


@given(items)
def test_negated_scores_mirror_auroc(pairs):
    labels, scores = arrays(pairs)
    assert auroc(rank(labels, -scores)) == pytest.approx(1 - auroc(rank(labels, scores)))


def test_shape_of_the_items_does_not_matter():
    labels, scores = np.arange(24) % 3 == 0, np.arange(24.0) % 7
    assert metrics(labels.reshape(2, 3, 4), scores.reshape(2, 3, 4)) == metrics(labels, scores)


@given(items, st.integers(1, 4))
def test_blocks_change_nothing(pairs, size):
    labels, scores = arrays(pairs)
    expected = metrics(labels, scores)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "BLOCK", size)
        curve = rank(labels, scores)
        assert [len(block.hits) for block in curve.blocks()][:-1] == [size] * ((len(curve.thresholds) - 1) // size)
        assert metrics(labels, scores) == pytest.approx(expected, abs=1e-12)
        assert f1_max(curve) == f1_max(rank(labels, scores))


def test_blocks_know_their_items():
    # score of items 0..5: 2 4 1 4 3 1
    curve = curve_of([2, 4, 1, 4, 3, 1], [0])
    assert curve.order.tolist() == [1, 3, 4, 0, 2, 5]
    (block,) = curve.blocks()
    assert (block.thresholds.tolist(), block.hits.tolist()) == ([4, 3, 2, 1], [2, 1, 1, 2])


@given(items, st.integers(1, 5))
def test_normal_items_may_come_in_parts(pairs, size):
    labels, scores = arrays(pairs)
    whole = rank(labels, scores)
    parts = [part for piece in torch.tensor(scores[~labels]).split(size) for part in ascending(piece)]
    found = counted(tiers(torch.tensor(scores[labels])), parts)
    assert vars(found).keys() == vars(whole).keys()
    for name, value in vars(whole).items():
        np.testing.assert_array_equal(getattr(found, name), value)


def test_counts_take_four_bytes():
    curve = curve_of(ANOMALOUS, NORMAL)
    assert {counts.dtype for counts in (curve.tp, curve.fp_above, curve.fp, curve.order)} == {np.dtype(np.int32)}


def test_arguments_stay_as_they_are():
    labels, scores = np.array([True, False, False]), np.array([2.0, 3.0, 1.0])
    rank(labels, scores)
    assert scores.tolist() == [2, 3, 1]


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1], [0.0, 1.0], "Expected labels of dtype bool but got int64"),
        ([True, False], [0.0], r"Expected labels and scores of one shape but got \(2,\) and \(1,\)"),
        ([True, True], [0.0, 1.0], "Expected anomalous and normal items but got 2 anomalous and 0 normal"),
        ([False], [0.0], "Expected anomalous and normal items but got 0 anomalous and 1 normal"),
    ],
)
def test_rejections(labels, scores, message):
    with pytest.raises(ValueError, match=message):
        rank(np.array(labels), np.array(scores))


@pytest.mark.parametrize("limit", [0, -0.1, 1.1, float("nan")])
def test_limit_is_rejected(limit):
    curve = curve_of([1], [0])
    with pytest.raises(ValueError, match=f"Expected 0 < fpr_limit <= 1 but got {limit}"):
        area_under(curve, recall_gains(curve), limit)
