"""Risk against coverage: how often is a detector wrong about the tokens of which it is most certain?

The tokens of all images are taken from the least to the most uncertain. The risk at a coverage c is the share of wrong
judgements among the first c; the area under that curve (AURC, Geifman & El-Yaniv, NeurIPS 2017; Geifman, Uziel &
El-Yaniv, ICLR 2019) is its mean over all coverages. An uncertainty without information gives the overall error
rate; a useful one gives less.
"""

from __future__ import annotations

import numpy as np


def risk_coverage_area(uncertainty: np.ndarray, wrong: np.ndarray) -> float:
    """Return the area under the risk-coverage curve, 0..1.

    Args:
        uncertainty: finite, any shape; larger is less certain.
        wrong: bool, of the same shape. Among equal uncertainties, errors count as evenly spread.

    Raises:
        ValueError: where the shapes differ or the arrays are empty.

    >>> risk_coverage_area(np.array([0.1, 0.2]), np.array([False, True]))
    0.25
    """
    if uncertainty.shape != wrong.shape or not wrong.size:
        raise ValueError(f"Expected two equal, not empty shapes but got {uncertainty.shape} and {wrong.shape}")
    _, group, count = np.unique(uncertainty, return_inverse=True, return_counts=True)
    rate = np.bincount(group.ravel(), weights=wrong.ravel()) / count  # of each value, in ascending order
    errors = np.cumsum(np.repeat(rate, count))
    return float((errors / np.arange(1, wrong.size + 1)).mean())
