"""Error by uncertainty: how many tokens of a given uncertainty does a detector judge wrongly?

A token is judged anomalous where its mean probability is at least one half; truth is as in `borders`: a coverage of at
least one half. Uncertainty is the standard deviation of the token's label: in total, sqrt(p (1 − p)), and its epistemic
part. The observed errors are compared with those expected from the probabilities, min(p, 1 − p): for calibrated
probabilities both agree in every bin.

Bins are fixed, so that counts of several runs can be added: of equal width for the total, which uses its whole range;
of equal ratio for the epistemic part, which is mostly tiny.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ura_study.metrics.uncertainty import TokenMaps

#: Edges of the bins; values beyond the ends count in the outer bins.
TOTAL = np.linspace(0, 0.5, 11)
EPISTEMIC = np.geomspace(1e-4, 0.5, 13)


@dataclass(frozen=True, eq=False)
class ErrorByUncertainty:
    """Tokens by uncertainty, (3, K) float each: their number, the wrong judgements, the expected errors."""

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
    """Return the summed counts of several sets of tokens, at least one."""
    return ErrorByUncertainty(
        total=np.sum([part.total for part in parts], axis=0),
        epistemic=np.sum([part.epistemic for part in parts], axis=0),
    )


def _counted(deviation: np.ndarray, edges: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    bins = len(edges) - 1
    index = np.clip(np.searchsorted(edges, deviation, side="right") - 1, 0, bins - 1).ravel()
    return np.stack(
        [np.bincount(index, weights=w.ravel(), minlength=bins) for w in (np.ones(deviation.shape), *weights)]
    )
