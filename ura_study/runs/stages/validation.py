"""The images that are trained on and held out, and validation on the latter, half of them with synthetic defects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch

from ura_study.data.corruption_config import CorruptionSettings
from ura_study.data.synthetic.cache import altered_samples
from ura_study.data.table import GOOD, Category, Sample
from ura_study.detectors.base import Detector
from ura_study.features.cached import feature_maps
from ura_study.features.maps import FeatureMaps
from ura_study.metrics.calibration import Reliability
from ura_study.metrics.evaluate import Metrics
from ura_study.metrics.names import THRESHOLD_METRICS, VALIDATION
from ura_study.metrics.uncertainty import evaluate_uncertainty, joined
from ura_study.runs.job import Job
from ura_study.runs.stages.evaluation import evaluate_run, touched, truth_of
from ura_study.runs.stages.scoring import Scored, score_maps

T = TypeVar("T")


@dataclass(frozen=True)
class HeldOut:
    """The images of the validation: the normal ones, then the altered ones."""

    normal: tuple[Sample, ...]
    """What passes for normal: with `data.contamination`, anomalous images may be among them."""
    altered: tuple[Sample, ...]
    maps: tuple[FeatureMaps, FeatureMaps]
    """Those of the normal and of the altered images."""

    @property
    def counts(self) -> dict[str, int]:
        contaminating = sum(sample.anomalous for sample in self.normal)
        counted = {"validation_normal": len(self.normal), "validation_anomalous": len(self.altered)}
        return counted | ({"validation_contaminated": contaminating} if contaminating else {})


@dataclass(frozen=True)
class Validated:
    """What the held-out images say of a detector."""

    metrics: Metrics
    """Named `val_…`."""
    reliability: Reliability | None
    """Counts of the reliability diagram; None of a detector without probabilities."""
    normal_scores: np.ndarray
    """(M,) scores of the normal images."""


def training_images(
    category: Category, job: Job, device: torch.device
) -> tuple[Sequence[Sample], FeatureMaps, HeldOut | None]:
    """Return the images of a run to train on, their feature maps, and what is held out, if anything is.

    All training images pass the backbone in one list, and the altered ones beside it, once for all variants and seeds.
    """
    samples, parts = category.train, category.held
    maps = feature_maps(samples, job.settings.features, job.data.preprocessing, device)
    if category.labels is not None:
        maps = replace(maps, labels=np.array(category.labels))
    if parts is None:
        return samples, maps, None
    altered = altered_samples([samples[i] for i in parts.altered], job.data.depth)
    altered_maps = feature_maps(altered, job.settings.features, job.data.preprocessing, device)
    normal = tuple(samples[i] for i in parts.normal)
    kept = [samples[i] for i in parts.train]
    return kept, maps.subset(parts.train), HeldOut(normal, altered, (maps.subset(parts.normal), altered_maps))


def validate(detector: Detector, held: HeldOut, job: Job, device: torch.device) -> Validated:
    """Score the held-out images with a detector that is calibrated."""
    size, settings = job.data.image_size, job.settings.scoring
    clean = {"eval_size": None, "corruption": CorruptionSettings()}  # nor need held-out images be of one size
    normal_samples = [replace(sample, defect=GOOD, masks=()) for sample in held.normal]
    truth = truth_of((*normal_samples, *held.altered), job.data.model_copy(update=clean))
    normal = held.maps[0]
    known = touched(truth.masks, normal.map_size) if detector.oracle else None
    told = (None, None) if known is None else (known[: len(normal)], known[len(normal) :])
    each = zip(held.maps, told, strict=True)
    parts = [score_maps(detector, maps, settings, size, device, part) for maps, part in each]
    scored = Scored(
        maps=torch.cat([part.maps for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        ms_per_image=float(np.mean([part.ms_per_image for part in parts])),
        tokens=joined([part.tokens for part in parts]),
    )
    detected = evaluate_run(scored, truth, job.evaluation, job.metrics)
    masks = [np.zeros((size, size), bool) if mask is None else mask for mask in truth.masks]
    uncertain, reliability = evaluate_uncertainty(scored.tokens, np.stack(masks))
    values, undefined = detected.values | uncertain.values, detected.undefined | uncertain.undefined
    return Validated(Metrics(_named(values), _named(undefined)), reliability, parts[0].scores)


def _named(entries: Mapping[str, T]) -> dict[str, T]:
    """Return entries by their names on held-out images; a threshold that these images give is not judged on them."""
    return {f"{VALIDATION}{name}": entry for name, entry in entries.items() if name not in THRESHOLD_METRICS}
