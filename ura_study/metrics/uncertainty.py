"""Does a detector know what it does not know? Calibration of its probabilities, and where its uncertainty lies.

A token counts as anomalous when its mask covers at least half of it (`borders`). Calibration uses the tokens of all
images; zones are defined only in images with a defect, since others have neither border nor inside. Uncertainty is
given as a standard deviation of the token's label (0..0.5): the root of the mean variance over a zone. So zones keep
the order of their mean variances, and the squares of the epistemic and aleatoric parts still sum to the total's.

Legend: N images, H image side, S side of the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from ura_study.metrics.borders import Zones, coverage, zones
from ura_study.metrics.calibration import Reliability, ece, ece_balanced, reliability
from ura_study.metrics.evaluate import Metrics
from ura_study.metrics.names import UNCERTAINTY_METRICS, ZONES
from ura_study.metrics.risk import risk_coverage_area


@dataclass(frozen=True, eq=False)
class TokenMaps:
    """Output of a detector with probabilities for N images, each map (N, S, S)."""

    probability: np.ndarray
    """Mean probability of being anomalous, 0..1."""
    epistemic: np.ndarray
    """Variance of the probability over weights, 0..0.25."""
    aleatoric: np.ndarray
    """Variance of the label given the weights, averaged over them, 0..0.25."""

    def of(self, chosen: np.ndarray) -> TokenMaps:
        """Return the maps of the chosen (N,) bool images."""
        return TokenMaps(*(getattr(self, field.name)[chosen] for field in fields(self)))


def joined(parts: Sequence[TokenMaps | None]) -> TokenMaps | None:
    """Return the concatenated maps of several sets of images; None if one of the parts is None."""
    if any(part is None for part in parts):
        return None
    return TokenMaps(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(TokenMaps)))


def evaluate_uncertainty(maps: TokenMaps | None, masks: np.ndarray) -> tuple[Metrics, Reliability | None]:
    """Return `UNCERTAINTY_METRICS` and the counts of the reliability diagram, for masks (N, H, H) bool.

    Raises ValueError where there are not as many masks as maps, or a probability is not in 0..1.
    """
    values = dict.fromkeys(UNCERTAINTY_METRICS, float("nan"))
    if maps is None:
        return Metrics(values, dict.fromkeys(values, "the detector gives no probabilities")), None
    if len(masks) != len(maps.probability):
        raise ValueError(f"Expected {len(maps.probability)} masks but got {len(masks)}")
    covered = coverage(masks, maps.probability.shape[1])
    truth = covered >= 0.5
    counts = reliability(maps.probability, truth)
    values |= {"ece": ece(counts), "ece_balanced": ece_balanced(counts)}
    wrong = (maps.probability >= 0.5) != truth
    values["aurc"] = risk_coverage_area(maps.epistemic + maps.aleatoric, wrong)
    values["brier"] = float(np.square(maps.probability.astype(np.float64) - truth).mean())
    altered = masks.any(axis=(1, 2))
    places, total = zones(covered[altered]), maps.epistemic + maps.aleatoric
    values |= _deviations("uncertainty", total[altered], places)
    values |= _deviations("epistemic", maps.epistemic[altered], places)
    return Metrics(values, {name: _reason(name, truth) for name, value in values.items() if np.isnan(value)}), counts


def _deviations(kind: str, variance: np.ndarray, places: Zones) -> dict[str, float]:
    return {f"{kind}_{zone}": _root_mean(variance[getattr(places, zone)]) for zone in ZONES}


def _root_mean(variances: np.ndarray) -> float:
    return float(np.sqrt(variances.mean(dtype=np.float64))) if variances.size else float("nan")


def _reason(name: str, truth: np.ndarray) -> str:
    if name == "ece_balanced":
        return f"no {'normal' if truth.any() else 'anomalous'} token in any image"
    zone = name.rpartition("_")[2]
    return f"no token lies {'on the border of' if zone == 'border' else zone} a defect"
