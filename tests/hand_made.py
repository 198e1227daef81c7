"""Studies, plans, jobs and records made by hand: what tests of the pure rooms start from."""

from __future__ import annotations

from typing import Any

from ura_study.metrics.names import DEFECT_METRICS, METRICS
from ura_study.runs.job import Job
from ura_study.runs.record import DefectRecord, Failure, Record
from ura_study.study.config import Study
from ura_study.study.plan import Plan, make_plan

#: Three variants: `full`, `layers=[2, 3]` and `w/o restoration`.
ABLATIONS = {
    "layers": {"sweep": {"features.layers": [[2, 3]]}},
    "components": {"leave_one_out": ["model.restoration"]},
}


def make_study(**sections: Any) -> Study:
    return Study.model_validate({"study": "example"} | sections)


def plan_of(study: Study, *categories: str) -> Plan:
    return make_plan(study, {name: f"data of {name}" for name in categories or ("nut",)})


def job_of(study: Study, plan: Plan, variant: str, category: str = "nut", seed: int = 0) -> Job:
    run = plan.runs[plan.cells[variant, category, seed]]
    return Job(
        run_id=run.run_id,
        study=study.study,
        variant=variant,
        category=category,
        seed=seed,
        data=run.data,
        fingerprint=run.fingerprint,
        settings=run.settings,
        evaluation=study.evaluation,
        threads=1,
    )


def done(job: Job, value: float | None = 0.5, **metrics: float | None) -> Record:
    """A record whose metrics are all `value`, apart from those named."""
    values = dict.fromkeys(METRICS, value) | metrics
    return Record.of(
        job,
        status="done",
        metrics=values,
        undefined={name: "no masks" for name, known in values.items() if known is None},
        by_defect={"hole": DefectRecord(images=2, metrics={name: values[name] for name in DEFECT_METRICS})},
        parameters=1000,
        backbone_parameters=2_000_000,
        flops=5_000_000_000,
        backbone_flops=3_000_000_000,
        detector_bytes=1_500_000,
        timings={"features_seconds": 1.0, "fit_seconds": 6.0, "score_seconds": 2.0, "score_ms_per_image": 20.0},
    )


def failed(job: Job, message: str = "disk on fire") -> Record:
    return Record.of(job, status="failed", failure=Failure(kind="ResourceError", message=message, expected=True))
