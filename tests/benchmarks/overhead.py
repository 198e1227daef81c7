"""What this program adds to the work: seconds until the first training step, of a study that is done, and of `--help`.

    python tests/benchmarks/overhead.py [--repeats 5] [--keep FOLDER]

The first step is that of a study of one run on small made-up images whose feature maps are in the cache. Its way is
told in parts; Ray's is what the library itself takes, started on this machine. The study that is done has 1,000 runs of
made-up records; the first of its commands writes all files, and those that follow find nothing to do.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import report
from first_step import PARTS

sys.path.append(str(Path(__file__).parents[1]))
from datasets import write_category

from ura_study.opening import open_study
from ura_study.results.folder import remember
from ura_study.runs.details import keep, packed
from ura_study.runs.store import FILE
from ura_study.study.study_file import dump_yaml

CATEGORIES, SEEDS, VARIANTS = 5, (0, 1), 100


def small(folder: Path) -> Path:
    """Write a study of one run, of one step, and return its file."""
    write_category(folder / "images", "nut")
    return _written(folder / "small.yaml", {"data": _data(["nut"]), "base": {"training": {"steps": 1}}})


def finished(folder: Path) -> Path:
    """Write a study with the records of all its runs, and return its file."""
    names = [f"category {i}" for i in range(CATEGORIES)]
    for seed, name in enumerate(names):
        write_category(folder / "images", name, seed=seed)
    rates = [round(0.001 + 0.000001 * i, 6) for i in range(1, VARIANTS)]  # the baseline is a variant, too
    about = {"seeds": list(SEEDS), "ablations": {"lr": {"sweep": {"training.lr": rates}}}}
    path = _written(folder / "finished.yaml", {"data": _data(names)} | about)
    (study, plan), draws = open_study(path), np.random.default_rng(0)
    place = folder / "results" / study.study
    remember(place, study, plan)
    records = [report.record(study, run, 0.9, draws, failed=0) for run in plan.runs.values()]
    (place / FILE).write_text("".join(f"{record.model_dump_json()}\n" for record in records))
    plain, pictured = (packed(report.some_details(draws, pictures)) for pictures in (False, True))
    for run in plan.runs.values():
        keep(place, run.run_id, pictured if run.seed in study.pictured_seeds else plain)
    return path


def _data(categories: list[str]) -> dict[str, Any]:
    return {"layout": "mvtec_ad", "root": "images", "categories": categories, "image_size": 64}


def _written(path: Path, about: dict[str, Any]) -> Path:
    path.write_text(dump_yaml({"study": path.stem} | about))
    return path


def first_step(path: Path, results: Path) -> list[float]:
    """Return the seconds of each of `PARTS`."""
    script = Path(__file__).with_name("first_step.py")
    command = [sys.executable, str(script), str(time.monotonic()), str(path), str(results)]
    ends = [float(line) for line in subprocess.check_output(command).split()]
    return [ends[0], *(end - begin for begin, end in itertools.pairwise(ends))]


def main() -> None:
    with report.asked(__doc__, 5) as (repeats, folder):
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["URA_STUDY_CACHE"] = str(folder / "cache")
        measure(folder, repeats)


def measure(folder: Path, repeats: range) -> None:
    path = small(folder)
    first_step(path, folder / "warm")  # fills the cache
    taken = [first_step(path, folder / f"results {i}") for i in repeats]
    print(f"first step: median {statistics.median(map(sum, taken)):.1f} s, of which", flush=True)
    for part, times in zip(PARTS, zip(*taken, strict=True), strict=True):
        print(f"  {part}: {statistics.median(times):.1f} s")
    path = finished(folder)
    commands = {"study that is done": ["run", str(path)], "--help": ["--help"]}
    report.seconds(commands["study that is done"], folder)
    for name, arguments in commands.items():
        wall, processor = zip(*(report.seconds(arguments, folder) for _ in repeats), strict=True)
        middle = statistics.median(wall), statistics.median(processor)
        print("{}: median {:.2f} s, of the processor {:.2f} s".format(name, *middle), flush=True)


if __name__ == "__main__":
    main()
