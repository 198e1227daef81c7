"""The names of the metrics, in the order in which tables show them. All lie in 0..1."""

IMAGE_METRICS = ("image_auroc", "image_ap", "image_f1_max")
PIXEL_METRICS = ("pixel_auroc", "pixel_ap", "pixel_f1_max", "pixel_aupro")
METRICS = IMAGE_METRICS + PIXEL_METRICS

#: What probabilities and uncertainties are worth as such: less is better.
CALIBRATION_METRICS = ("ece", "ece_balanced", "brier", "aurc")
ZONES = ("border", "inside", "outside")
#: Total and epistemic uncertainty in three places: these describe, so none of their values is better than another.
DESCRIPTIONS = tuple(f"{kind}_{zone}" for kind in ("uncertainty", "epistemic") for zone in ZONES)
UNCERTAINTY_METRICS = CALIBRATION_METRICS + DESCRIPTIONS

#: Begins the name of a metric that is taken on held-out training images with synthetic defects instead of test images.
VALIDATION = "val_"
VALIDATION_METRICS = tuple(f"{VALIDATION}{name}" for name in METRICS + UNCERTAINTY_METRICS)
#: All that a table may show.
REPORTABLE = METRICS + UNCERTAINTY_METRICS + VALIDATION_METRICS


def better(metric: str) -> int:
    """Return 1 where a larger value of a metric is better, -1 where a smaller one is, 0 where neither."""
    name = metric.removeprefix(VALIDATION)
    return -1 if name in CALIBRATION_METRICS else 0 if name in DESCRIPTIONS else 1
