"""What an inspection gets: image metrics at a threshold that is known before any test image is seen.

The threshold comes from the scores of normal images that were held out from training (`evaluation.threshold`). The
scores of images that the detector was fitted on are lower than those of new ones, so they cannot serve.

    threshold   a quantile of these scores (linear between them), or mean + so many sample standard deviations
    anomalous   an image whose score is above the threshold

F1, false positive rate and recall are then those of one confusion matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ura_study.metrics.threshold_config import ThresholdSettings


@dataclass(frozen=True)
class Confusion:
    """Counts of images by truth and judgement."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def f1(self) -> float:
        """F1, 0..1, of at least one anomalous image."""
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn)

    @property
    def fpr(self) -> float:
        """Share of normal images that raise a false alarm, of at least one."""
        return self.fp / (self.fp + self.tn)

    @property
    def recall(self) -> float:
        """Share of anomalous images that are found, of at least one."""
        return self.tp / (self.tp + self.fn)


def threshold(normal: np.ndarray, rule: ThresholdSettings) -> float:
    """Return the threshold from the scores (M,) of held-out normal images: one, or two for standard deviations.

    >>> threshold(np.array([1.0, 2.0, 3.0]), ThresholdSettings(sigma=3.0))
    5.0
    """
    scores = normal.astype(np.float64)
    if rule.quantile is not None:
        return float(np.quantile(scores, rule.quantile))
    assert rule.sigma is not None
    return float(scores.mean() + rule.sigma * scores.std(ddof=1))


def confusion(labels: np.ndarray, scores: np.ndarray, at: float) -> Confusion:
    """Count images (N,) by label (bool) and by whether their score is above the threshold `at`."""
    called = scores > at
    return Confusion(
        tp=int(np.count_nonzero(called & labels)),
        fp=int(np.count_nonzero(called & ~labels)),
        fn=int(np.count_nonzero(~called & labels)),
        tn=int(np.count_nonzero(~called & ~labels)),
    )
