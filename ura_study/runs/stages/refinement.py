"""The stage before the fit, where `training.refine` asks for it: suspicious images are removed from the training set.

Detectors of the folds are fitted as any others: they are found in the cache where another run, or this one before it
was cut off, had the same.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ura_study.data.table import Sample
from ura_study.errors import DataError
from ura_study.features.maps import FeatureMaps
from ura_study.randomness import generator
from ura_study.runs.job import Job
from ura_study.runs.stages.fitting import Fitted, fitted
from ura_study.runs.stages.scoring import score_images
from ura_study.training.loop import Interval
from ura_study.training.refine import TooFew, refined


@dataclass(frozen=True)
class TrainingSet:
    """The images that are trained on, and their feature maps."""

    samples: Sequence[Sample]
    maps: FeatureMaps
    removed: tuple[Sample, ...] = ()
    """What was taken out of it."""

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of images that were removed, and of anomalous ones among them; empty if none were."""
        if not self.removed:
            return {}
        return {"removed": len(self.removed), "removed_anomalous": sum(sample.anomalous for sample in self.removed)}


def refine(
    job: Job, samples: Sequence[Sample], train: FeatureMaps, device: torch.device
) -> Generator[Interval, None, TrainingSet]:
    """Return the training set without suspicious images; yield the progress of the detectors that find them, as step 0.

    It is returned as it is where `training.refine` is off. Whether an image is anomalous is not looked at.

    Raises:
        DataError: where there are too few images.
        NonFiniteLoss: where a training diverged.
    """
    settings = job.settings.training.refine
    if not settings:
        return TrainingSet(samples, train)

    def judge(others: list[int], judged: list[int]) -> Generator[Interval, None, np.ndarray]:
        part = train.subset(others).pooled_once()
        fit = yield from _unnumbered(fitted(job, [samples[i] for i in others], part, device))
        size, scoring = job.data.image_size, job.settings.scoring
        return score_images(fit.detector, part, train.subset(judged), scoring, size, job.seed, device).scores

    groups = [sample.group or str(sample.path) for sample in samples]
    labels = train.batch(slice(None)).labels.tolist()
    try:
        kept = yield from refined(groups, labels, settings, generator(job.seed, "refine"), judge)
    except TooFew as error:
        raise DataError(f"category '{job.category}': training.refine.folds: {error}") from error
    removed = tuple(samples[i] for i in sorted(set(range(len(samples))) - set(kept)))
    return TrainingSet([samples[i] for i in kept], train.subset(kept), removed)


def _unnumbered(fit: Generator[Interval, None, Fitted]) -> Generator[Interval, None, Fitted]:
    """Pass the progress of a training on without its numbers, which are not those of the run's own training."""
    while True:
        try:
            interval = next(fit)
        except StopIteration as done:
            return done.value
        yield replace(interval, step=0, share=0.0, losses={}, metrics={})
