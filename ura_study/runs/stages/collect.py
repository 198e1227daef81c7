"""The last stage of a run: what its report and figures want to know beyond the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ura_study.data.table import Sample
from ura_study.metrics.borders import coverage
from ura_study.metrics.error_by_uncertainty import ErrorByUncertainty, error_by_uncertainty
from ura_study.metrics.evaluate import Metrics
from ura_study.metrics.uncertainty import TokenMaps
from ura_study.runs.details import Details
from ura_study.runs.job import Job
from ura_study.runs.stages.evaluation import filled, marked
from ura_study.runs.stages.fitting import Fitted
from ura_study.runs.stages.pictures import pictures
from ura_study.runs.stages.scoring import Scored
from ura_study.training.loop import Interval


def collected(
    job: Job,
    samples: Sequence[Sample],
    scored: Scored,
    masks: Sequence[np.ndarray | None],
    metrics: Metrics,
    fit: Fitted,
) -> Details:
    """Return the details of a run, of its test images `samples`, their masks as seen, and what was found on them."""
    labels = np.array([sample.anomalous for sample in samples])
    tested = job.data.test or job.data
    root = Path(tested.root) if tested.root else None
    named = ("/".join(s.path.parts[-2:]) if root is None else s.path.relative_to(root).as_posix() for s in samples)
    return Details(
        images=tuple(named),
        defects=tuple(sample.defect for sample in samples),
        scores=scored.scores,
        curves=metrics.curves,
        training=_training(fit.curve),
        errors=None if scored.tokens is None else _errors(scored.tokens, labels, masks),
        pictures=pictures(samples, scored, masks, job.data) if job.pictures else (),
    )


def _training(curve: Sequence[Interval]) -> dict[str, np.ndarray]:
    """Return the course of a training as columns."""
    if not curve:
        return {}
    losses = {name: np.array([interval.losses[name] for interval in curve]) for name in curve[0].losses}
    steps, rates = (np.array([getattr(interval, name) for interval in curve]) for name in ("step", "lr"))
    return {"step": steps, "lr": rates, **losses}


def _errors(maps: TokenMaps, anomalous: np.ndarray, masks: Sequence[np.ndarray | None]) -> ErrorByUncertainty | None:
    """Return the errors by uncertainty on the images of which the anomalous pixels are known.

    None where no anomalous image has a mask.
    """
    known = marked(anomalous, masks)
    if not known.any():
        return None
    return error_by_uncertainty(maps.of(known), coverage(filled(masks, known), maps.probability.shape[1]) >= 0.5)
