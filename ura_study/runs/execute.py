"""One run from images to record, as a chain of stages: features, fit, score, metrics, details."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Mapping, Sequence

import torch

from ura_study.data.protocol import read_for_run
from ura_study.data.synthetic.cache import recipe
from ura_study.data.table import Category, Sample
from ura_study.detectors.base import Detector
from ura_study.errors import DataError
from ura_study.features.cached import feature_maps
from ura_study.features.catalogue import weights_id
from ura_study.features.maps import FeatureMaps
from ura_study.features.work import backbone_work
from ura_study.randomness import generator
from ura_study.runs.details import Details
from ura_study.runs.job import Job
from ura_study.runs.memory import detector_bytes, held_bytes
from ura_study.runs.provenance import provenance
from ura_study.runs.record import DefectRecord, Record
from ura_study.runs.stages.collect import collected
from ura_study.runs.stages.evaluation import as_seen, evaluate_run, evaluate_tokens, touched, truth_of
from ura_study.runs.stages.fitting import Watch, fitted
from ura_study.runs.stages.refinement import refine
from ura_study.runs.stages.scoring import score_images
from ura_study.runs.stages.validation import HeldOut, training_images, validate
from ura_study.runs.stages.work import scoring_flops
from ura_study.training.loop import Interval


def execute(job: Job, device: torch.device) -> Iterator[Interval | Details | Record]:
    """Do a run: yield the training's progress as it goes, and at the end its details and its record.

    Raises:
        UserError: where images, masks, disk or weights are not as they must be, or training diverged.
    """
    settings, image_size = job.settings, job.data.image_size
    timings: dict[str, float] = {}
    category = read_category(job)
    with _timed(timings, "features_seconds"):
        samples, train, held = training_images(category, job, device)
        test = feature_maps(category.test, settings.features, job.data.test_preprocessing, device)
    with _timed(timings, "refine_seconds") if job.settings.training.refine else contextlib.nullcontext():
        chosen = yield from refine(job, samples, train, device)
    samples, train = chosen.samples, chosen.maps.pooled_once()
    fit = yield from fitted(job, samples, train, device, _watch(job, train, held, device))
    detector, timings["fit_seconds"] = fit.detector, fit.seconds
    with _timed(timings, "truth_seconds"):
        truth = truth_of(category.test, job.data)
        masks = as_seen(category.test, job.data, truth)
    known = touched(masks, test.map_size) if detector.oracle else None
    with _timed(timings, "score_seconds"):
        scored = score_images(detector, train, test, settings.scoring, image_size, job.seed, device, known)
    timings["score_ms_per_image"] = scored.ms_per_image
    backbone = backbone_work(settings.features, image_size)
    flops = scoring_flops(detector, test, settings.scoring, image_size, device, known)
    validated = None
    if held is not None:
        with _timed(timings, "validation_seconds"):
            validated = validate(detector, held, job, device)
    with _timed(timings, "metrics_seconds"):
        normal = None if validated is None else validated.normal_scores
        detected = evaluate_run(scored, truth, job.evaluation, job.metrics, normal)
        metrics = detected | evaluate_tokens(scored.tokens, truth.labels, masks)
    with _timed(timings, "details_seconds"):
        details = collected(job, category.test, scored, masks, metrics, fit)
    bins = None
    if validated is not None:
        metrics, bins = metrics | validated.metrics, validated.reliability
    yield details
    yield Record.of(
        job,
        status="done",
        data=_counts(samples, category.test, held) | chosen.counts | truth.counts,
        losses=fit.losses,
        fit_id=fit.id,
        fit_shared=fit.shared,
        notes=[fit.trouble] if fit.trouble else [],
        timings={name: round(value, 4) for name, value in timings.items()},
        parameters=sum(p.numel() for p in detector.parameters() if p.requires_grad),
        backbone_parameters=backbone.parameters,
        flops=backbone.flops + flops,
        backbone_flops=backbone.flops,
        detector_bytes=detector_bytes(detector),
        gpu_peak_bytes=scored.gpu_peak_bytes,
        gpu_held_bytes=held_bytes(device),
        provenance=provenance(device)
        | {"weights": weights_id(job.settings.features), "recipe": recipe()}
        | ({"plugins": job.plugins} if job.plugins else {})
        | ({"continued_at": fit.continued_at} if fit.continued_at is not None else {}),
        metrics=_known(metrics.values),
        undefined=metrics.undefined,
        by_defect={
            kind: DefectRecord(images=found.images, metrics=_known(found.values))
            for kind, found in metrics.defects.items()
        },
        reliability=bins.lists() if bins is not None else {},
    )


def read_category(job: Job) -> Category:
    """Return the images of a run.

    Raises:
        DataError: where they are not those that the study was started with.
    """
    category, found = read_for_run(job.data, job.category, job.seed)
    if found != job.fingerprint:
        place = job.data.root or job.data.layout
        raise DataError(
            f"{place}/{job.category}: the images here are not those the study was started "
            f"with (fingerprint {found}, expected {job.fingerprint})"
        )
    return category


def _counts(train: Sequence[Sample], test: Sequence[Sample], held: HeldOut | None) -> dict[str, int]:
    anomalous = sum(sample.anomalous for sample in test)
    tested = {"test_normal": len(test) - anomalous, "test_anomalous": anomalous}
    trained = {"train": len(train)}
    if contaminating := sum(sample.anomalous for sample in train):
        trained["train_anomalous"] = contaminating
    return trained | tested | (held.counts if held is not None else {})


def _watch(job: Job, train: FeatureMaps, held: HeldOut | None, device: torch.device) -> Watch | None:
    """Return what tells a detector's worth in the midst of its training, where the job asks for that."""
    if not job.watch or held is None:
        return None

    def watch(detector: Detector) -> dict[str, float | None]:
        detector.calibrate(train, generator(job.seed, "calibrate"))
        return _known(validate(detector, held, job, device).metrics.values)

    return watch


def _known(values: Mapping[str, float]) -> dict[str, float | None]:
    """Return metrics as a record holds them: JSON has no NaN."""
    return {name: None if math.isnan(value) else value for name, value in values.items()}


@contextlib.contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[name] = time.perf_counter() - started
