"""Image metrics at a threshold that held-out normal images give."""

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import confusion_matrix, f1_score, recall_score

from ura_study.metrics.threshold import confusion, threshold
from ura_study.metrics.threshold_config import ThresholdSettings

SCORES = np.array([1, 2, 3, 6], np.float32)


def test_by_hand():
    # mean 3, squared deviations 4 + 1 + 0 + 9 = 14, over three: 14/3.
    assert threshold(SCORES, ThresholdSettings(sigma=2.0)) == pytest.approx(3 + 2 * (14 / 3) ** 0.5)
    assert threshold(SCORES, ThresholdSettings(quantile=0.5)) == 2.5
    assert threshold(SCORES, ThresholdSettings(quantile=1.0)) == 6
    assert threshold(SCORES[:1], ThresholdSettings(quantile=0.99)) == 1


def test_the_rule_is_three_sigma_where_none_is_given():
    assert (ThresholdSettings().sigma, ThresholdSettings().quantile) == (3.0, None)
    assert ThresholdSettings().said == "mean + 3 standard deviations"
    assert ThresholdSettings(quantile=0.99).said == "0.99 quantile"


@pytest.mark.parametrize("both", [{"sigma": 3.0, "quantile": 0.9}, {"sigma": None}])
def test_there_is_one_rule(both):
    with pytest.raises(ValidationError, match="expected one of sigma and quantile"):
        ThresholdSettings(**both)


def test_agrees_with_scikit_learn():
    draws = np.random.default_rng(0)
    labels = draws.random(200) < 0.3
    scores = draws.standard_normal(200) + labels
    counted = confusion(labels, scores, 0.7)
    tn, fp, fn, tp = confusion_matrix(labels, scores > 0.7).ravel()
    assert (counted.tn, counted.fp, counted.fn, counted.tp) == (tn, fp, fn, tp)
    assert counted.f1 == pytest.approx(f1_score(labels, scores > 0.7))
    assert counted.recall == pytest.approx(recall_score(labels, scores > 0.7))
    assert counted.fpr == pytest.approx(recall_score(~labels, scores > 0.7))


def test_a_score_equal_to_the_threshold_is_no_alarm():
    assert confusion(np.array([True, False]), np.array([1.0, 1.0]), 1.0).recall == 0
