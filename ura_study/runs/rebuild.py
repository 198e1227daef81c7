"""The detector of a run, as it was when its test images were scored: from the cache, or trained again."""

from __future__ import annotations

from ura_study.detectors.base import Detector
from ura_study.randomness import generator
from ura_study.runs.attempt import device_of
from ura_study.runs.execute import read_category
from ura_study.runs.job import Job
from ura_study.runs.stages.fitting import fitted
from ura_study.runs.stages.validation import training_images


def rebuilt(job: Job) -> Detector:
    """Return the fitted and calibrated detector of a run.

    Raises:
        UserError: where images, disk or weights are not as they must be.
        NonFiniteLoss: where training diverges.
    """
    category, device = read_category(job), device_of(job)
    samples, train, _ = training_images(category, job, device)
    fitting = fitted(job, samples, train, device)
    while True:
        try:
            next(fitting)
        except StopIteration as done:
            detector = done.value.detector
            detector.calibrate(train, generator(job.seed, "calibrate"))
            return detector
