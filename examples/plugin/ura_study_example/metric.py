"""A metric: the share of anomalous images that are found if one normal image in twenty may raise a false alarm.

report: {metrics: [image_auroc, image_recall_at_5]}
"""

import numpy as np

from ura_study import Judged, Undefined, register_metric


@register_metric("image_recall_at_5", title="Recall at 5 % false alarms")
def image_recall_at_5(judged: Judged) -> float:
    """Return the recall, 0..1, at the least threshold that at most 5 % of the normal images exceed."""
    if judged.labels.all() or not judged.labels.any():
        raise Undefined("normal and anomalous test images are needed")
    normal = np.sort(judged.scores[~judged.labels])[::-1]
    threshold = normal[int(0.05 * len(normal))]
    return float((judged.scores[judged.labels] > threshold).mean())
