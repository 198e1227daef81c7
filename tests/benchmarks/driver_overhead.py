"""Seconds that the driver adds to each run: studies of no-op runs of two sizes, so that starting Ray does not count.

python tests/benchmarks/driver_overhead.py [--runs 400] [--repeats 3]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from ura_study.data.config import DataSettings
from ura_study.runs import store
from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.study.config import EvaluationSettings, ResourceSettings, VariantSettings
from ura_study.tune.driver import run_jobs


def no_op_jobs(count: int) -> list[Job]:
    """Return jobs whose data nobody has: the worker finds that out at once, and their records say so."""
    data = DataSettings(layout="mvtec_ad", root="/nonexistent")
    shared = {
        "study": "overhead",
        "variant": "no-op",
        "category": "none",
        "data": data,
        "fingerprint": "",
        "threads": 1,
    }
    settings = {"settings": VariantSettings(), "evaluation": EvaluationSettings()}
    return [Job(run_id=f"{index:016x}", seed=index, **shared, **settings) for index in range(count)]


def seconds(count: int) -> float:
    """Return the wall time of a study of `count` no-op runs, Ray's start included."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run_jobs(no_op_jobs(count), Ledger(Path(folder)), ResourceSettings(), ())
        taken = time.perf_counter() - started
        assert len(store.read(Path(folder))) == count
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    few = 20
    per_run = []
    for _ in range(options.repeats):
        short, long = seconds(few), seconds(options.runs)
        per_run.append((long - short) / (options.runs - few))
        print(f"{few} runs {short:.1f} s, {options.runs} runs {long:.1f} s: {per_run[-1]:.3f} s per run", flush=True)
    print(f"median {statistics.median(per_run):.3f} s per run")


if __name__ == "__main__":
    main()
