"""CPU seconds and memory of the driver by the number of runs: studies of no-op runs on a made-up cluster of some nodes.

    python tests/benchmarks/scale.py [--runs 1000 5000 20000] [--nodes 4] [--cpus 1] [-o FOLDER]

All but the work is as in `ura-study run` on a terminal: plan, queue, Ray Tune, records, details, TensorBoard, display.
A worker reports two intervals, details of 100 images and a record, at once. Each study has a driver process of its own.
What counts is the CPU time of that process: workers share the machine with it, so wall time says little. Linux only.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from no_op import no_op_worker
from rich.console import Console

from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.runs.record import Record
from ura_study.study.config import Study
from ura_study.study.plan import Plan, make_plan
from ura_study.tensorboard.writer import TensorBoardWriter
from ura_study.tune import worker
from ura_study.tune.display import Display
from ura_study.tune.driver import run_jobs
from ura_study.tune.progress import Progress

CATEGORIES = 20
#: Runs between two measurements.
EVERY = 250


@dataclass(frozen=True)
class Measured:
    """The driver after some runs."""

    runs: int
    wall: float
    """Seconds since the plan was begun."""
    cpu: float
    """Seconds of all threads of the process since the plan was begun."""
    memory: float
    """The most that was resident so far, MB."""


class Meter:
    """A listener that measures the driver now and then."""

    def __init__(self) -> None:
        self.measured: list[Measured] = []
        self._began = time.monotonic(), time.process_time()
        self._runs = 0

    def take(self) -> None:
        peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        wall, cpu = time.monotonic() - self._began[0], time.process_time() - self._began[1]
        self.measured.append(Measured(self._runs, wall, cpu, int(peak.split()[1]) * 1024 / 1e6))

    def finished(self, job: Job, record: Record) -> None:
        assert record.done, record.failure
        self._runs += 1
        if self._runs % EVERY == 0:
            self.take()

    def __getattr__(self, event: str) -> Any:
        return lambda *told: None


def planned(runs: int) -> tuple[Study, Plan]:
    rates = [round(0.001 + 0.000001 * i, 6) for i in range(1, runs // CATEGORIES)]  # the baseline is a variant, too
    study = Study.model_validate({"study": "scale", "ablations": {"lr": {"sweep": {"training.lr": rates}}}})
    return study, make_plan(study, {f"category {i}": str(i) for i in range(CATEGORIES)})


def drive(runs: int, address: str | None) -> list[Measured]:
    """Do a study as `commands.run` does it, in this process."""
    worker.Worker = no_op_worker()
    meter = Meter()
    meter.take()
    study, plan = planned(runs)
    with tempfile.TemporaryDirectory() as results, Path(os.devnull).open("w") as screen:
        ledger = Ledger(Path(results) / study.study)
        progress = Progress(plan, study.report.metrics[0], {})
        display = Display(progress, Console(file=screen, force_terminal=True, width=120, height=50))
        writer = TensorBoardWriter(ledger.folder, study, plan, ledger.own)
        jobs = [Job.of(study, run) for run in plan.runs.values()]
        with display:
            assert run_jobs(jobs, ledger, study.resources, (display, writer, meter), address)
        writer.close()
        assert len(ledger.records) == len(plan.runs) == runs
    meter.take()
    return meter.measured


def on_a_cluster(sizes: list[int], nodes: int, cpus: int) -> dict[int, list[Measured]]:
    """Return what was measured of studies of so many runs, each in a process of its own."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_AUTH_MODE"] = "disabled"  # else a token that this machine has for other clusters would be used
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    found = {}
    try:
        for _ in range(nodes):
            cluster.add_node(num_cpus=cpus, object_store_memory=100 << 20)
        for runs in sizes:
            command = [sys.executable, __file__, "--drive", cluster.address, "--runs", str(runs)]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            found[runs] = [Measured(**one) for one in json.loads(done.stdout.splitlines()[-1])]
            print(row(runs, found[runs]), flush=True)
    finally:
        cluster.shutdown()
    return found


HEADER = "| runs | wall s | driver CPU ms per run | of the last 500 | resident MB |\n|---|---|---|---|---|"


def row(runs: int, measured: list[Measured]) -> str:
    end, last = measured[-1], [one for one in measured if one.runs <= max(runs - 500, 0)][-1]
    late = 1000 * (next(one for one in measured if one.runs == runs).cpu - last.cpu) / (runs - last.runs)
    return f"| {runs} | {end.wall:.0f} | {1000 * end.cpu / runs:.1f} | {late:.1f} | {end.memory:.0f} |"


def draw(found: dict[int, list[Measured]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    cost, memory = figure.subplots(1, 2)
    for runs, measured in found.items():
        pairs = [(a, b) for a, b in itertools.pairwise(measured) if b.runs > a.runs > 0]
        cost.plot([b.runs for _, b in pairs], [1000 * (b.cpu - a.cpu) / (b.runs - a.runs) for a, b in pairs])
        memory.plot([one.runs for one in measured], [one.memory for one in measured], label=f"study of {runs} runs")
    cost.set(xlabel="runs done", ylabel="CPU ms of the driver per run", ylim=(0, None))
    memory.set(xlabel="runs done", ylabel="resident memory of the driver, MB", ylim=(0, None))
    for axes in (cost, memory):
        axes.locator_params(axis="x", nbins=5)
    memory.legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 5000, 20000])
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--cpus", type=int, default=1, help="of each node, and so workers")
    parser.add_argument("-o", dest="folder", type=Path, help="folder for scale.png and scale.md")
    parser.add_argument("--drive", help="address of a cluster on which one study is done in this process")
    options = parser.parse_args()
    if options.drive:
        print(json.dumps([asdict(one) for one in drive(options.runs[0], options.drive)]))
        return
    print(HEADER, flush=True)
    found = on_a_cluster(options.runs, options.nodes, options.cpus)
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
        rows = [row(runs, measured) for runs, measured in found.items()]
        (options.folder / "scale.md").write_text("\n".join([HEADER, *rows]) + "\n")
        draw(found, options.folder / "scale.png")


if __name__ == "__main__":
    main()
