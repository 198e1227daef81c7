"""The metrics stage: the scores of images against their labels and masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ura_study.data.images import load_masks
from ura_study.data.table import Sample
from ura_study.metrics.evaluate import Metrics, evaluate
from ura_study.runs.scoring import Scored


def evaluate_run(samples: Sequence[Sample], scored: Scored, image_size: int, fpr_limit: float) -> Metrics:
    """Return the metrics of scored images, judged at `image_size`; labels come from folders, never from masks."""
    labels = np.array([sample.anomalous for sample in samples])
    masks = [load_masks(sample.masks, sample.path, image_size) for sample in samples]
    return evaluate(labels, scored.scores, scored.maps, masks, fpr_limit=fpr_limit)
