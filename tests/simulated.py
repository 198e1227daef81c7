"""A search without training: what a run measures is computed from its settings, its category and its seed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hand_made import make_study

from ura_study.metrics.names import METRICS, VALIDATION_METRICS
from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.runs.record import Failure, Record
from ura_study.search.session import Session
from ura_study.study.config import Study
from ura_study.study.plan import make_plan
from ura_study.tune.source import next_jobs

CATEGORIES = {name: f"data of {name}" for name in ("brick", "grass", "nut", "pill")}
SPACE = {
    "model.synthesis.strength": {"float": [0.25, 4.0], "log": True},
    "model.perception.mc_samples": {"choice": [1, 6, 20]},
}


def searching(**search: Any) -> Study:
    """Return a study that searches `SPACE`, with three seeds unless the search says `seeds`."""
    seeds = search.pop("seeds", [0, 1, 2])
    settings = {"space": SPACE, "trials": 6, "objective": "val_image_auroc"} | search
    return make_study(data={"validation": 0.2}, seeds=seeds, search=settings)


def worth(job: Job) -> float:
    """Best at strength 1; categories differ far more than variants, and seeds add a little."""
    strength = job.settings.model.synthesis.strength
    hard = {"brick": 0.95, "grass": 0.6, "nut": 0.8, "pill": 0.7}[job.category]
    return hard - 0.05 * abs(math.log(strength)) + 0.001 * job.seed


def measured(job: Job, value: float | None, **timings: float) -> Record:
    numbers = dict.fromkeys((*METRICS, *VALIDATION_METRICS), value)
    return Record.of(job, status="done", metrics=numbers, timings={"fit_seconds": 6.0} | timings, parameters=1000)


def lost(job: Job) -> Record:
    failure = Failure(kind="NonFiniteLoss", message="The loss must be finite", expected=True)
    return Record.of(job, status="failed", failure=failure)


class Laboratory:
    """Does the jobs of a search one by one, and keeps what is stored: it may be opened again at any time."""

    def __init__(self, study: Study, folder: Path, outcome: Callable[[Job], Record] | None = None) -> None:
        self.study, self.folder = study, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.outcome = outcome or (lambda job: measured(job, worth(job)))
        self.planned: set[str] = set()
        """Runs of the baseline and the ablations."""
        self.done: list[str] = []
        """Run ids in the order in which they were done."""

    def open(self) -> Session:
        folder, study = self.folder, self.study
        plan = make_plan(study, CATEGORIES)
        plan = dataclasses.replace(plan, runs=dict.fromkeys(self.planned))
        ledger = Ledger(folder)
        ledger.__dict__["_others"] = {}  # folders of other tests lie beside
        session = Session.open(study, plan, ledger)
        self.tried = session._optuna
        return session

    def work(self, most: int = 10_000) -> None:
        """Open the search and do at most so many runs; then drop everything, as a killed process would."""
        session, queue = self.open(), []
        for _ in range(most):
            queue = queue or list(next_jobs(session, ()))
            if not queue:
                return
            job = queue.pop(0)
            record = self.outcome(job)
            self.done.append(job.run_id)
            session._ledger.append(record)
            dropped = session.tell(record)
            queue = [other for other in queue if other.run_id not in dropped]
