"""The names of the metrics, in the order in which tables show them. All lie in 0..1, and larger is better."""

IMAGE_METRICS = ("image_auroc", "image_ap", "image_f1_max")
PIXEL_METRICS = ("pixel_auroc", "pixel_ap", "pixel_f1_max", "pixel_aupro")
METRICS = IMAGE_METRICS + PIXEL_METRICS

#: Begins the name of a metric that is taken on held-out training images with synthetic defects instead of test images.
VALIDATION = "val_"
VALIDATION_METRICS = tuple(f"{VALIDATION}{name}" for name in METRICS)
