"""AUPIMO: area under the per-image overlap curve, at false positive rates that an inspection can bear.

Source: Bertoldo, Ameln, Vaidya & Akçay, "AUPIMO: Redefining Visual Anomaly Detection Benchmarks with High Speed and
Low Tolerance", BMVC 2024 (arXiv 2401.01984), sec. 3; bounds L = 1e-5 and U = 1e-4 as there.

    F(t)     normal pixels that score at least t / Q, of the normal images alone: one axis that all images share
    TPR_i(t) pixels of image i's defect that score at least t / pixels of its defect
    aupimo_i = 1 / log(U / L) · integral over log F from L to U of TPR_i at that F
    aupimo   mean over all images with a defect in their mask

Nothing is binned: F only changes at the scores of normal pixels, so between k / Q and (k + 1) / Q the TPR is the share
of pixels above the (k + 1)-th highest normal one, and only the highest U·Q normal pixels matter. The authors' program
samples thresholds (300,000 by default) and approaches the same value. Our own choices, where it gives none:
- A pixel that ties with a normal one counts as below it.
- Where Q < 1 / L, rates below 1 / Q are those without any false positive pixel: the TPR above the highest normal pixel.

Legend: Q pixels of normal images, P anomalous pixels of one image.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from ura_study.metrics.names import AUPIMO_BOUNDS

LOWER, UPPER = AUPIMO_BOUNDS


def aupimo(normal: Sequence[Tensor], defects: Iterable[Tensor]) -> float:
    """Return the mean over images of the area under the per-image overlap curve, 0..1.

    Args:
        normal: scores of all Q pixels of normal images, at least one, in parts as `ranking.ascending` gives them.
        defects: of each image with a defect the scores (P,) of its anomalous pixels; at least one image.

    >>> aupimo([torch.tensor([0.0, 0.1])], [torch.tensor([0.5, 0.05])])
    0.5
    """
    pixels = sum(part.numel() for part in normal)
    depth = min(pixels, math.ceil(UPPER * pixels) + 1)
    highest = torch.cat([part[-depth:] for part in normal]).sort().values[-depth:]
    gained = _gained(depth, pixels)
    found = (gained[torch.searchsorted(highest, scores).cpu().numpy()] for scores in defects)
    return float(np.mean([np.cumsum(gains)[-1] / len(gains) for gains in found]))


def _gained(depth: int, pixels: int) -> np.ndarray:
    """Return for a pixel that is above so many of the `depth` highest normal ones, (depth + 1,), its gain.

    That is the share of the log-axis on which it is called anomalous, 0..1.
    """
    ends = np.log(np.clip(np.arange(depth + 1) / pixels, LOWER, UPPER))
    shares = np.diff(ends)[::-1]  # (depth,) of the steps that end at each of the highest normal scores, ascending
    gained = np.concatenate([[0.0], np.cumsum(shares)])
    return gained / gained[-1]
