"""Uncertainty against error: of the tokens about which a detector is so uncertain, how many does it judge wrongly?

A token is judged anomalous where its mean probability is at least one half; truth is as in `borders`: a coverage of at
least one half. Uncertainty is a standard deviation of the token's label: the total one, sqrt(p (1 − p)), and its
epistemic part. Beside the errors that were made stand those that the probabilities promise, min(p, 1 − p): calibrated
ones keep their promise in every bin.

Bins are fixed, so that counts of several runs add up: equally wide for the total, which fills its range; in equal
ratios for the epistemic part, which is mostly tiny.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ura_study.metrics.uncertainty import TokenMaps

#: Edges of the bins; what lies beyond the ends belongs to the outer bins.
TOTAL = np.linspace(0, 0.5, 11)
EPISTEMIC = np.geomspace(1e-4, 0.5, 13)


@dataclass(frozen=True, eq=False)
class ErrorByUncertainty:
    """Tokens by uncertainty, (3, K) float each: all of them, those judged wrongly, and the promised errors."""

    total: np.ndarray
    epistemic: np.ndarray


def error_by_uncertainty(maps: TokenMaps, truth: np.ndarray) -> ErrorByUncertainty:
    """Count tokens by total and by epistemic standard deviation.

    Args:
        maps: of N images.
        truth: (N, S, S) bool, True where anomalous.

    Raises:
        ValueError: where truth is not bool or of another shape.
    """
    if truth.dtype != bool or truth.shape != maps.probability.shape:
        raise ValueError(
            f"Expected truth of dtype bool and shape {maps.probability.shape} but got {truth.dtype}, {truth.shape}"
        )
    wrong = (maps.probability >= 0.5) != truth
    total, epistemic = np.sqrt(maps.epistemic + maps.aleatoric), np.sqrt(maps.epistemic)
    promised = np.minimum(maps.probability, 1 - maps.probability)
    return ErrorByUncertainty(_counted(total, TOTAL, wrong, promised), _counted(epistemic, EPISTEMIC, wrong, promised))


def pooled(parts: Sequence[ErrorByUncertainty]) -> ErrorByUncertainty:
    """Return the counts of several sets of tokens together; there is at least one."""
    return ErrorByUncertainty(sum(part.total for part in parts), sum(part.epistemic for part in parts))


def _counted(deviation: np.ndarray, edges: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    bins = len(edges) - 1
    index = np.clip(np.searchsorted(edges, deviation, side="right") - 1, 0, bins - 1).ravel()
    return np.stack(
        [np.bincount(index, weights=w.ravel(), minlength=bins) for w in (np.ones(deviation.shape), *weights)]
    )
