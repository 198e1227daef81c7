"""Studies with made-up results, for figures."""

from __future__ import annotations

import dataclasses
import math
import random
from pathlib import Path

import numpy as np
from hand_made import done, failed, job_of, make_study, plan_of

from ura_study.metrics.curves import IMAGE_CURVES, PIXEL_CURVES, POINTS
from ura_study.metrics.error_by_uncertainty import ErrorByUncertainty
from ura_study.results.results import Results
from ura_study.runs.details import MAPS, Details, Picture, keep, packed
from ura_study.search.trials import TrialSummary

STRENGTH, SAMPLES = "model.synthesis.strength", "model.perception.mc_samples"
SEARCH = {
    "space": {STRENGTH: {"float": [0.25, 4.0], "log": True}, SAMPLES: {"choice": [1, 5, 20]}},
    "trials": 40,
    "objective": "val_image_auroc",
}


def results_of(values, categories=("nut", "bolt"), metrics=("image_auroc",), latency=None, **sections) -> Results:
    """Return a study whose runs measure `values(variant, category, seed)`: a number, None, "failed" or "missing"."""
    study = make_study(report={"metrics": list(metrics)} | sections.pop("report", {}), **sections)
    plan, records = plan_of(study, *categories), {}
    for cell in plan.cells:
        job, value = job_of(study, plan, *cell), values(*cell)
        if value == "failed":
            records[job.run_id] = failed(job)
        elif value != "missing":
            record = done(job, value)
            timings = record.timings | {"score_ms_per_image": latency(cell[0]) if latency else 20.0}
            records[job.run_id] = record.model_copy(update={"timings": timings})
    return Results(study, plan, records)


def noisy(*categories: str, **sections) -> Results:
    """Return a study whose numbers are drawn from a fixed generator."""
    drawn, known = random.Random(1), {}

    def value(variant, category, seed):
        return min(1.0, 0.85 + known.setdefault(variant, drawn.gauss(0, 0.01)) + drawn.gauss(0, 0.005))

    waits = {}
    return results_of(value, categories, latency=lambda name: waits.setdefault(name, drawn.uniform(5, 50)), **sections)


def tried(number: int, value: float | None, state: str = "complete", **more) -> TrialSummary:
    params = more.pop("params", {STRENGTH: 0.25 * 16 ** (number % 7 / 6), SAMPLES: (1, 5, 20)[number % 3]})
    fields = {"feasible": True, "best": False, "runs": 2, "reason": ""} | more
    values = None if value is None else (value,)
    return TrialSummary(
        number=number, variant=f"search-{number:04}", state=state, values=values, params=params, **fields
    )


def searched(trials: int = 40) -> list[TrialSummary]:
    """Return trials of which every seventh is pruned and every tenth failed; the last is the best."""
    states = ["pruned" if n % 7 == 3 else "failed" if n % 10 == 5 else "complete" for n in range(trials - 1)]
    found = [tried(n, None if s == "failed" else 0.8 + 0.05 * math.sin(n), s) for n, s in enumerate(states)]
    return [*found, tried(trials - 1, 0.95, best=True)]


def made_details(seed: int = 0, defects=("good", "hole", "scratch"), **fields) -> Details:
    """Return details with everything in them: three test images, all of them pictured."""
    draws = np.random.default_rng(seed)
    maps = {name: draws.random((8, 8)).astype(np.float16) for name in MAPS}
    reasons = (("false alarm",), ("highest", "median", "example"), ("lowest", "miss", "example"))
    pictures = [
        Picture(i, reasons[i % 3], draws.integers(0, 255, (192, 192, 3), np.uint8), np.eye(192, dtype=bool), maps)
        for i in range(len(defects))
    ]
    some = {
        "images": tuple(f"nut/test/{defect}/{i}.png" for i, defect in enumerate(defects)),
        "defects": tuple(defects),
        "scores": np.arange(len(defects), dtype=np.float32),
        "curves": {name: np.full(POINTS, 0.5) for name in (*IMAGE_CURVES, *PIXEL_CURVES)},
        "training": {"step": np.array([10, 20]), "lr": np.array([0.1, 0.2]), "total": np.array([3.0, 2.0])},
        "errors": ErrorByUncertainty(np.tile([[100.0], [10.0], [20.0]], 10), np.tile([[100.0], [10.0], [20.0]], 12)),
        "pictures": tuple(pictures),
    }
    return Details(**some | fields)


def with_details(results: Results, folder: Path, make=lambda *cell: made_details()) -> Results:
    """Return results whose runs that are done left what `make(variant, category, seed)` returns; None: nothing."""
    for cell, run_id in results.plan.cells.items():
        if run_id in results.records and results.records[run_id].done and (left := make(*cell)) is not None:
            keep(folder, run_id, packed(left))
    return dataclasses.replace(results, folder=folder)
