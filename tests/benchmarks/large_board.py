"""Seconds to write the events of a large study, and until TensorBoard shows them and answers.

python tests/benchmarks/large_board.py [--variants 200] [--categories 15] [--seeds 3]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from ura_study.metrics.names import METRICS
from ura_study.results.folder import EVENTS
from ura_study.runs.job import Job
from ura_study.runs.record import Record
from ura_study.study.config import Study
from ura_study.study.plan import Plan, make_plan
from ura_study.tensorboard.serving import serve
from ura_study.tensorboard.writer import TensorBoardWriter

#: What one report of a training holds; there are ten.
TERMS = dict.fromkeys(("total", "perception", "prior", "restoration"), 0.5)


def planned(variants: int, categories: int, seeds: int) -> tuple[Study, Plan]:
    rates = [round(0.001 + 0.00001 * i, 5) for i in range(variants - 1)]
    study = Study.model_validate(
        {"study": "large", "seeds": list(range(seeds)), "ablations": {"lr": {"sweep": {"training.lr": rates}}}}
    )
    return study, make_plan(study, {f"category {i}": str(i) for i in range(categories)})


def write(study: Study, plan: Plan, folder: Path) -> dict[str, Record]:
    """Write what a study leaves that runs from the first run to the last; return its records."""
    board, records = TensorBoardWriter(folder, study, plan, {}.get), {}
    for run in plan.runs.values():
        job = Job.of(study, run)
        for step in range(40, 401, 40):
            board.progressed(job, [{"step": step, "losses": TERMS, "lr": 0.001}])
        records[run.run_id] = Record.of(job, status="done", metrics=dict.fromkeys(METRICS, 0.5))
        board.finished(job, records[run.run_id])
    board.close()
    return records


def timed(what: str, call: Callable[[], object]) -> object:
    started = time.perf_counter()
    result = call()
    print(f"{what}: {time.perf_counter() - started:.1f} s", flush=True)
    return result


def asked(address: str, path: str, question: dict | None = None) -> object:
    body = None if question is None else json.dumps(question).encode()
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(address + path, body, headers), timeout=600) as answer:
        return json.load(answer)


def until_shown(address: str, variants: int) -> None:
    """Wait until the hparams tab has the mean of every variant."""
    done = {"allowedStatuses": ["STATUS_SUCCESS"], "sliceSize": variants}
    while True:
        groups = asked(address, "data/plugin/hparams/session_groups", done).get("sessionGroups", [])
        if len(groups) == variants and all(group.get("metricValues") for group in groups):
            return
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("variants", 200), ("categories", 15), ("seeds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    study, plan = planned(options.variants, options.categories, options.seeds)
    with tempfile.TemporaryDirectory() as results:
        folder = Path(results)
        records = timed(f"{len(plan.runs)} runs written one by one", lambda: write(study, plan, folder))
        again = lambda: TensorBoardWriter(folder, study, plan, records.get)  # noqa: E731
        timed("their metrics written anew by another session", again)
        files = [path for path in folder.rglob("*") if path.is_file()]
        print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB", flush=True)
        address = timed("TensorBoard started", lambda: serve(folder / EVENTS, None))
        timed("until it has read everything", lambda: until_shown(address, options.variants))
        timed("list of runs", lambda: asked(address, "data/runs"))
        timed("list of time series", lambda: asked(address, "data/plugin/timeseries/tags"))
        timed("hparams tab", lambda: until_shown(address, options.variants))


if __name__ == "__main__":
    main()
