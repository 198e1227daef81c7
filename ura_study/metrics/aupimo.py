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

Legend: Q pixels of normal images, P anomalous pixels.
"""

from __future__ import annotations

import math

import numpy as np

#: L and U.
LOWER, UPPER = 1e-5, 1e-4


def aupimo(normal: np.ndarray, anomalous: np.ndarray, image: np.ndarray) -> float:
    """Return the mean over images of the area under the per-image overlap curve, 0..1.

    Args:
        normal: (Q,) scores of all pixels of normal images, ascending, at least one.
        anomalous: (P,) scores of anomalous pixels, at least one.
        image: (P,) int, the number of the image that each of them lies in.

    >>> aupimo(np.array([0.0, 0.1]), np.array([0.5, 0.05]), np.array([3, 3]))
    0.5
    """
    gains = _gains(normal, anomalous)
    pixels = np.bincount(image)
    return float(np.mean((np.bincount(image, weights=gains)[pixels > 0]) / pixels[pixels > 0]))


def _gains(normal: np.ndarray, anomalous: np.ndarray) -> np.ndarray:
    """Return for each anomalous pixel (P,) the share of the log-axis on which it is called anomalous, 0..1."""
    depth = min(len(normal), math.ceil(UPPER * len(normal)) + 1)
    ends = np.log(np.clip(np.arange(depth + 1) / len(normal), LOWER, UPPER))
    shares = np.diff(ends)[::-1]  # (depth,) of the steps that end at each of the highest normal scores, ascending
    gained = np.concatenate([[0.0], np.cumsum(shares)])
    return (gained / gained[-1])[np.searchsorted(normal[len(normal) - depth :], anomalous, side="left")]
