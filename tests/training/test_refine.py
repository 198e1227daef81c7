"""Suspicious images are removed by detectors that were not fitted on them."""

import numpy as np
import pytest
import torch

from ura_study.training.config import RefineSettings
from ura_study.training.progress import result
from ura_study.training.refine import TooFew, folds, levelled, refined


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def judge_by(values, calls=None):
    """A judge that knows the score of each image, and notes for which images it was asked."""

    def judge(others, judged):
        if calls is not None:
            calls.append((others, judged))
        yield "progress"
        return np.array([values[i] for i in judged], dtype=np.float64)

    return judge


def kept(values, groups=None, labels=None, calls=None, **settings):
    count = len(values)
    groups = range(count) if groups is None else groups
    return result(refined(groups, labels or [0] * count, RefineSettings(**settings), seeded(), judge_by(values, calls)))


def test_the_images_with_the_highest_scores_are_removed():
    values = [1.0, 9.0, 2.0, 1.5, 2.5, 8.0, 1.2, 1.8, 2.2, 1.1]
    assert kept(values, share=0.2, folds=2) == [0, 2, 3, 4, 6, 7, 8, 9]


def test_each_image_is_judged_once_in_each_stage_by_a_detector_of_others():
    calls = []
    kept(np.arange(12.0), calls=calls, share=0.5, stages=2, folds=3)
    first, second = calls[:3], calls[3:]
    assert sorted(i for _, judged in first for i in judged) == list(range(12))
    left = sorted(i for _, judged in second for i in judged)
    assert len(left) == 9  # half of what is removed goes in each of the two stages
    for others, judged in calls:
        assert not set(others) & set(judged)
        assert sorted([*others, *judged]) in (list(range(12)), left)


def test_the_share_is_that_of_all_stages():
    for stages in (1, 2, 3):
        assert len(kept(np.arange(40.0), share=0.25, stages=stages)) == 30


def test_a_group_is_in_one_fold():
    groups = ["a", "b", "a", "c", "b", "a", "d"]
    parts = folds(groups, 2, seeded())
    assert sorted(i for part in parts for i in part) == list(range(7))
    assert not {groups[i] for i in parts[0]} & {groups[i] for i in parts[1]}
    assert [len({groups[i] for i in part}) for part in parts] == [2, 2]


def test_folds_are_drawn_by_the_generator():
    assert folds(range(30), 3, seeded(1)) == folds(range(30), 3, seeded(1)) != folds(range(30), 3, seeded(2))


def test_levels_of_detectors_and_categories_do_not_count():
    """Each of two categories holds one odd image; all scores of the second are ten times as high."""
    values = [1.0, 1.2, 0.8, 5.0, 1.1, 0.9, 10.0, 12.0, 8.0, 50.0, 11.0, 9.0]
    assert kept(values, labels=[0] * 6 + [1] * 6, share=2 / 12, folds=2) == [0, 1, 2, 4, 5, 6, 7, 8, 10, 11]


def test_levelled_by_hand():
    assert levelled(np.array([3.0, 1.0, 2.0]), [0, 0, 0]).tolist() == [1.0, -1.0, 0.0]
    assert levelled(np.array([1.0, 1.0, 1.0, 5.0]), [0] * 4).tolist() == [0.0, 0.0, 0.0, 4.0]
    assert levelled(np.array([2.0, 2.0]), [0, 0]).tolist() == [0.0, 0.0]


def test_too_few():
    with pytest.raises(TooFew, match=r"^3 folds need as many training images that are independent, but there are 2$"):
        kept([1.0, 2.0, 3.0], groups=["a", "a", "b"])
