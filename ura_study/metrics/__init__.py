"""Metrics of a finished run: arrays in, numbers out. The calculation is `ura_study.metrics.evaluate.evaluate`.

Importing this package costs nothing (neither NumPy nor PyTorch), so that a study file can be checked for metric names.
"""

from ura_study.metrics.names import IMAGE_METRICS, METRICS, PIXEL_METRICS, VALIDATION_METRICS

__all__ = ["IMAGE_METRICS", "METRICS", "PIXEL_METRICS", "VALIDATION_METRICS"]
