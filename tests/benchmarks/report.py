"""Seconds that `report`, `status` and `export` take on a study of 200 variants × 15 categories × 3 seeds.

The 9,000 records are drawn at random, one in a hundred failed; no image is read, nothing is trained. Every run has the
same details: of the first seed with seven pictures of noise, which nothing can compress. Each command runs in a process
of its own, so what it imports counts.

python tests/benchmarks/report.py [--repeats 3] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ura_study.data.layouts.mvtec_ad import OBJECTS, TEXTURES
from ura_study.metrics.curves import IMAGE_CURVES, PIXEL_CURVES, POINTS
from ura_study.metrics.error_by_uncertainty import ErrorByUncertainty
from ura_study.metrics.names import METRICS
from ura_study.results.folder import remember
from ura_study.runs.details import MAPS, Details, Picture, keep, packed
from ura_study.runs.job import Job
from ura_study.runs.record import Failure, Record
from ura_study.runs.store import FILE
from ura_study.study.config import Study
from ura_study.study.plan import Plan, Run, make_plan

FAILED = 0.01
COMMANDS = {
    "report": ["report", "large"],
    "status": ["status", "large"],
    "export": ["export", "results/large", "--table", "per_category", "-o", "table.tex"],
}
PROVENANCE = {
    "versions": {"python": "3.12.1", "torch": "2.6.0"},
    "commit": "0123456789ab",
    "host": "node",
    "system": "Linux",
    "processor": "some processor",
    "device": "cpu",
    "threads": 1,
}


def large_study() -> Study:
    """Return a study of 200 variants: the baseline, 3 parts left out, a sweep of 6 and a grid of 190."""
    grid = {"model.synthesis.strength": [i / 10 for i in range(11, 30)], "model.perception.mc_samples": [*range(6, 16)]}
    return Study.model_validate(
        {
            "study": "large",
            "data": {"layout": "mvtec_ad", "root": "/nowhere"},
            "seeds": [0, 1, 2],
            "ablations": {
                "components": {"leave_one_out": ["model.synthesis", "model.perception", "model.restoration"]},
                "steps": {"sweep": {"training.steps": [25, 50, 100, 400, 800, 1600]}},
                "strength-by-samples": {"grid": grid},
            },
        }
    )


def record(study: Study, run: Run, skill: float, draws: np.random.Generator, failed: float = FAILED) -> Record:
    """Return the record of a run of a variant that is as good as `skill`; of a share of `failed` one that failed."""
    job = Job.of(study, run)
    if draws.random() < failed:
        failure = Failure(kind="ResourceError", message="the disk is full", expected=False, traceback="Traceback\n" * 9)
        return Record.of(job, status="failed", failure=failure, provenance=PROVENANCE)
    values = np.clip(skill + draws.normal(0, 0.01, len(METRICS)), 0, 1)
    return Record.of(
        job,
        status="done",
        metrics=dict(zip(METRICS, values.tolist(), strict=True)),
        parameters=1_000_000,
        timings={"fit_seconds": 60 + 10 * draws.random(), "score_ms_per_image": 20 + draws.random()},
        losses={"total": 0.1},
        provenance=PROVENANCE,
    )


def leave(results: Path) -> Plan:
    """Write the folder of the study and return its plan."""
    study, draws = large_study(), np.random.default_rng(0)
    plan = make_plan(study, {name: f"data of {name}" for name in (*TEXTURES, *OBJECTS)})
    skill = {variant.name: 0.9 + 0.02 * draws.normal() for variant in plan.variants}
    remember(results / study.study, study, plan)
    lines = [record(study, run, skill[run.variant], draws).model_dump_json() for run in plan.runs.values()]
    (results / study.study / FILE).write_text("\n".join([*lines, ""]))
    plain, pictured = (packed(some_details(draws, pictures)) for pictures in (False, True))
    for run in plan.runs.values():
        keep(results / study.study, run.run_id, pictured if run.seed in study.pictured_seeds else plain)
    return plan


def some_details(draws: np.random.Generator, pictures: bool) -> Details:
    """Return the details of a run on 120 test images of 32 × 32 tokens."""
    reasons = (("highest",), ("median",), ("lowest", "miss"), ("false alarm",), *3 * (("example",),))

    def maps() -> dict[str, np.ndarray]:
        return {name: draws.random((64, 64) if name == "anomaly" else (32, 32)).astype(np.float16) for name in MAPS}

    def picture(index: int, why: tuple[str, ...]) -> Picture:
        return Picture(
            index, why, draws.integers(0, 255, (192, 192, 3), np.uint8), draws.random((192, 192)) > 0.9, maps()
        )

    return Details(
        images=tuple(f"category/test/hole/{i:03}.png" for i in range(120)),
        defects=("good",) * 40 + ("hole",) * 80,
        scores=draws.random(120).astype(np.float32),
        curves={name: np.sort(draws.random(POINTS)) for name in (*IMAGE_CURVES, *PIXEL_CURVES)},
        training={name: draws.random(10) for name in ("step", "lr", "total", "restoration", "perception")},
        errors=ErrorByUncertainty(np.ones((3, 10)), np.ones((3, 12))),
        pictures=tuple(picture(40 + i, why) for i, why in enumerate(reasons)) if pictures else (),
    )


def seconds(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Return the wall time of a command in a process of its own, and its processor time (hardly slowed by others)."""
    started, before = time.perf_counter(), _used()
    subprocess.run([sys.executable, "-m", "ura_study", *arguments], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - started, _used() - before


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def asked(about: str | None, repeats: int) -> Iterator[tuple[range, Path]]:
    """Read the options of a benchmark on studies, and yield its repeats, a range, and the folder to work in."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=repeats)
    parser.add_argument("--keep", type=Path, help="leave what is written in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        yield range(options.repeats), options.keep or Path(temporary)


def main() -> None:
    with asked(__doc__, 3) as (repeats, folder):
        plan = leave(folder / "results")
        print(f"{len(plan.variants)} variants, {len(plan.runs)} records", flush=True)
        for name, arguments in COMMANDS.items():
            taken = [seconds(arguments, folder) for _ in repeats]
            wall, processor = (statistics.median(times) for times in zip(*taken, strict=True))
            print(f"{name}: median {wall:.1f} s, of the processor {processor:.1f} s", flush=True)


if __name__ == "__main__":
    main()
