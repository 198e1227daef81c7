"""The detector of a run, as it was when its test images were scored: from the cache, or trained again."""

from __future__ import annotations

from ura_study.detectors.base import Detector
from ura_study.randomness import generator
from ura_study.runs.attempt import device_of
from ura_study.runs.execute import read_category
from ura_study.runs.job import Job
from ura_study.runs.stages.fitting import fitted
from ura_study.runs.stages.refinement import refine
from ura_study.runs.stages.validation import training_images
from ura_study.training.progress import result


def rebuilt(job: Job) -> Detector:
    """Return the fitted and calibrated detector of a run.

    Raises:
        UserError: where images, disk or weights are not as they must be.
        NonFiniteLoss: where training diverges.
    """
    category, device = read_category(job), device_of(job)
    samples, train, _ = training_images(category, job, device)
    chosen = result(refine(job, samples, train, device))
    detector = result(fitted(job, chosen.samples, chosen.maps, device)).detector
    detector.calibrate(chosen.maps, generator(job.seed, "calibrate"))
    return detector
