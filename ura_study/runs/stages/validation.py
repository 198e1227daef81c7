"""Validation on held-out training images, half of them with synthetic defects; no test image is involved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from ura_study.data.synthetic.cache import altered_samples
from ura_study.data.table import Sample
from ura_study.data.validation import split
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
    altered: tuple[Sample, ...]
    maps: tuple[FeatureMaps, FeatureMaps]
    """Those of the normal and of the altered images."""

    @property
    def counts(self) -> dict[str, int]:
        return {"validation_normal": len(self.normal), "validation_anomalous": len(self.altered)}


@dataclass(frozen=True)
class Validated:
    """What the held-out images say of a detector."""

    metrics: Metrics
    """Named `val_…`."""
    reliability: Reliability | None
    """Counts of the reliability diagram; None of a detector without probabilities."""
    normal_scores: np.ndarray
    """(M,) scores of the normal images."""


def hold_out(
    samples: Sequence[Sample], maps: FeatureMaps, job: Job, device: torch.device
) -> tuple[list[Sample], FeatureMaps, HeldOut]:
    """Divide the training images `samples`, whose feature maps are `maps`, into those to train on and those held out.

    Only the altered images pass the backbone, once for all variants and seeds.

    Raises:
        DataError: where there are too few images.
    """
    parts = split(samples, job.data.validation)
    altered = altered_samples([samples[i] for i in parts.altered], job.data.depth)
    altered_maps = feature_maps(altered, job.settings.features, job.data.preprocessing, device)
    normal = tuple(samples[i] for i in parts.normal)
    kept = [samples[i] for i in parts.train]
    return kept, maps.subset(parts.train), HeldOut(normal, altered, (maps.subset(parts.normal), altered_maps))


def validate(detector: Detector, held: HeldOut, job: Job, device: torch.device) -> Validated:
    """Score the held-out images with a detector that is calibrated."""
    size, settings = job.data.image_size, job.settings.scoring
    data = job.data.model_copy(update={"eval_size": None})  # held-out images need not be of one size
    truth = truth_of((*held.normal, *held.altered), data)
    normal = held.maps[0]
    known = touched(truth.masks, normal.map_size) if detector.oracle else None
    told = (None, None) if known is None else (known[: len(normal)], known[len(normal) :])
    each = zip(held.maps, told, strict=True)
    parts = [score_maps(detector, maps, settings, size, device, part) for maps, part in each]
    scored = Scored(
        maps=np.concatenate([part.maps for part in parts]),
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
