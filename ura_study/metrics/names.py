"""The metrics by name: title, which way is better, and the function that measures. All lie in 0..1.

This module imports neither numpy nor scipy, so that a study file can be checked for names; the functions of built-in
metrics stand in `metrics.evaluate` and are imported when they are first called.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from ura_study.errors import ConfigError, nearest
from ura_study.registry import Registry

if TYPE_CHECKING:
    from ura_study.metrics.judged import Judged

F = TypeVar("F", bound="Callable[[Judged], float]")

#: Prefix of a metric computed on held-out training images with synthetic defects instead of test images.
VALIDATION = "val_"

IMAGE_METRICS = ("image_auroc", "image_ap", "image_f1_max")
#: At the threshold that held-out normal images give; they exist on test images alone.
THRESHOLD_METRICS = ("image_f1_at_threshold", "image_fpr_at_threshold", "image_recall_at_threshold")
PIXEL_METRICS = (
    *("pixel_auroc", "pixel_ap", "pixel_f1_max"),
    *("pixel_aupro", "pixel_aupro_5", "pixel_aupro_1", "pixel_aupimo"),
)
#: L and U of `metrics.aupimo`, the false positive rates between which it is integrated.
AUPIMO_BOUNDS = (1e-5, 1e-4)
METRICS = IMAGE_METRICS + THRESHOLD_METRICS + PIXEL_METRICS
#: Those that are also taken of each kind of defect.
DEFECT_METRICS = ("image_auroc", "pixel_ap", "pixel_aupro")
#: Metrics of the quality of probabilities and uncertainties: lower is better.
CALIBRATION_METRICS = ("ece", "ece_balanced", "brier", "aurc")
#: Names of other columns in the rows of a study (`results.frame.columns`); no metric may have one of them.
TAKEN = frozenset(
    (
        *("variant", "ablation", "category", "seed", "status", "run_id"),
        *("parameters", "backbone_parameters", "flops", "backbone_flops", "detector_bytes", "gpu_peak_bytes"),
        *("features_seconds", "fit_seconds", "score_seconds", "metrics_seconds", "validation_seconds"),
        *("score_ms_per_image", "failure", "undefined", "data_fingerprint", "finished", "reused_from"),
    )
)
ZONES = ("border", "inside", "outside")
#: Total and epistemic uncertainty in three zones: these only describe, so neither larger nor smaller is better.
DESCRIPTIONS = tuple(f"{kind}_{zone}" for kind in ("uncertainty", "epistemic") for zone in ZONES)
UNCERTAINTY_METRICS = CALIBRATION_METRICS + DESCRIPTIONS
VALIDATION_METRICS = tuple(
    f"{VALIDATION}{name}" for name in METRICS + UNCERTAINTY_METRICS if name not in THRESHOLD_METRICS
)


@dataclass(frozen=True)
class Metric:
    """A metric that is registered."""

    name: str
    title: str
    """As papers print it, without a unit."""
    better: Literal[-1, 0, 1]
    """1 where larger is better, -1 where smaller is, 0 where neither."""
    function: Callable[[Judged], float] | str | None
    """Returns a number in 0..1 or raises `Undefined`; `module:function` is imported when it is first called. None: it
    is computed together with others (`metrics.uncertainty`)."""

    def measure(self, judged: Judged) -> float:
        """Return the metric of a judged test set.

        Raises:
            Undefined: where it has no value; the message says why.
        """
        if not isinstance(self.function, str):
            assert self.function is not None
            return self.function(judged)
        module, _, name = self.function.partition(":")
        return getattr(importlib.import_module(module), name)(judged)


_TITLES = {
    "image_auroc": "Image AUROC",
    "image_ap": "Image AP",
    "image_f1_max": "Image F1-max, test-optimal",
    "image_f1_at_threshold": "Image F1 at threshold",
    "image_fpr_at_threshold": "Image FPR at threshold",
    "image_recall_at_threshold": "Image recall at threshold",
    "pixel_auroc": "Pixel AUROC",
    "pixel_ap": "Pixel AP",
    "pixel_f1_max": "Pixel F1-max, test-optimal",
    "pixel_aupro": "AUPRO",
    "pixel_aupro_5": "AUPRO@0.05",
    "pixel_aupro_1": "AUPRO@0.01",
    "pixel_aupimo": "AUPIMO",
    "ece": "ECE",
    "ece_balanced": "ECE, balanced",
    "brier": "Brier score",
    "aurc": "AURC",
    "uncertainty_border": "Uncertainty on borders",
    "uncertainty_inside": "Uncertainty inside",
    "uncertainty_outside": "Uncertainty outside",
    "epistemic_border": "Epistemic on borders",
    "epistemic_inside": "Epistemic inside",
    "epistemic_outside": "Epistemic outside",
}
METRICS_BY_NAME: Registry[Metric] = Registry("metric", "ura_study.metrics", dict.fromkeys(_TITLES, __name__))


def register_metric(
    name: str, *, title: str, better: Literal[-1, 0, 1] = 1, function: str | None = None
) -> Callable[[F], F]:
    """Register a metric: a decorator of the function that measures it.

        @register_metric("recall_at_no_alarm", title="Recall without false alarm")
        def recall_at_no_alarm(judged: Judged) -> float: ...

    It is computed for the runs of studies that name it in `report.metrics` or an objective; with the prefix `val_`, on
    held-out images. Records and tables treat it as a share, 0..1.

    Args:
        name: small letters, digits and underscores; it heads columns of CSV files.
        title: as papers print it, without a unit.
        better: 1 where larger is better, -1 where smaller is, 0 where neither.
        function: `module:function`, instead of a decorated function, to delay its import.

    Raises:
        ConfigError: where the name is taken, or is none.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or name.startswith(VALIDATION):
        raise ConfigError(f"metric '{name}': expected small letters, digits and _, and not {VALIDATION}… as a name")
    if name in TAKEN:
        raise ConfigError(f"metric '{name}': this is what another column of results is called; choose another name")
    module = sys._getframe(1).f_globals["__name__"]

    def register(measuring: F) -> F:
        METRICS_BY_NAME.add(name, Metric(name, title, better, measuring), module)
        return measuring

    if function is not None:
        METRICS_BY_NAME.add(name, Metric(name, title, better, function), module)
    return register


for _name in METRICS:
    _better: Literal[-1, 1] = -1 if _name == "image_fpr_at_threshold" else 1
    register_metric(_name, title=_TITLES[_name], better=_better, function=f"ura_study.metrics.evaluate:{_name}")
for _name in UNCERTAINTY_METRICS:
    _way: Literal[-1, 0] = -1 if _name in CALIBRATION_METRICS else 0
    METRICS_BY_NAME.add(_name, Metric(_name, _TITLES[_name], _way, None), __name__)


def better(metric: str) -> Literal[-1, 0, 1]:
    """Return 1 where a larger value of a metric is better, -1 where a smaller one is, 0 where neither."""
    return METRICS_BY_NAME.get(metric.removeprefix(VALIDATION)).better


def reportable(metric: str) -> bool:
    """Tell whether a name is that of a metric, on test or on validation images."""
    return metric in reportables()


def reportables() -> list[str]:
    """Return the names of all metrics, on test and on validation images."""
    bare = METRICS_BY_NAME.names()
    return [*bare, *(VALIDATION + name for name in bare if name not in THRESHOLD_METRICS)]


def known_metric(metric: str) -> str:
    """Return the name of a metric, or raise a `ValueError` with the nearest."""
    if not reportable(metric):
        raise ValueError(f"unknown metric '{metric}'{nearest(metric, reportables())}")
    return metric
