"""How cost grows: with training images, tokens of a map, categories, variants and workers; and memory with runs.

    python tests/benchmarks/growth.py [--what images memories tokens plans workers runs]

Printed are the measurements, with the exponent of growth: the slope of the least-squares line through the logarithms
(1: linear), and the slope from the last but one to the last, where what is constant counts least. Without `--what` all
is measured (under ten minutes on two cores) and drawn to `results/growth.svg`. Seconds are of the processor, with one
thread, so that other work counts little; feature maps and images are made up. Workers are made-up CPUs of a machine: on
two cores that tells what they cost the driver, not how much faster they are. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import scale
import torch
from matplotlib.ticker import LogLocator
from metrics import resident
from pydantic import TypeAdapter

sys.path.append(str(Path(__file__).parents[1]))
from datasets import write_category
from jobs import SETTINGS, small_job

from ura_study.detectors.build import build_detector
from ura_study.detectors.config import Model
from ura_study.features.maps import FeatureMaps
from ura_study.randomness import generator
from ura_study.report.drawing.drawn import Drawn, save
from ura_study.report.drawing.style import STYLES, TWO, canvas
from ura_study.runs.execute import execute
from ura_study.runs.job import Job
from ura_study.study.config import Study
from ura_study.study.survey import survey
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RESULTS = Path(__file__).parents[2] / "results"
CPU = torch.device("cpu")
#: Training images of URA-Net, whose memory has a fixed size, and of detectors that keep a share of all tokens.
IMAGES, FEWER_IMAGES = (100, 300, 1_000, 3_000, 10_000), (100, 200, 400, 800, 1_600)
SIDES, CATEGORIES, VARIANTS, WORKERS = (32, 64, 96), (2, 4, 8, 16, 32), (10, 100, 1_000, 10_000), (1, 2, 4, 8)
STEPS, SCORED, NO_OPS, RUNS, EVERY = 10, 32, 400, 1_000, 100
SECONDS = "processor time (s)"
#: Channels and side of the levels of the default backbone for images of side 128, and dimensions in which they vary.
LEVELS, DIMENSIONS = ((24, 32), (40, 16), (112, 8)), 12


@dataclass(frozen=True)
class Line:
    """One cost, measured for several numbers of something."""

    name: str
    values: dict[int, float]

    @property
    def exponents(self) -> tuple[float, float]:
        """Slopes of the logarithms: of the least-squares line, and between the last two."""
        x, y = np.log(list(self.values)), np.log(list(self.values.values()))
        slopes = np.polyfit(x, y, 1)[0], (y[-1] - y[-2]) / (x[-1] - x[-2])
        return round(float(slopes[0]), 2) + 0.0, round(float(slopes[1]), 2) + 0.0  # 0 has no sign


@dataclass(frozen=True)
class Panel:
    """Costs that depend on the same number."""

    title: str
    number: str
    unit: str
    lines: tuple[Line, ...]


def lines(measured: dict[int, dict[str, float]]) -> tuple[Line, ...]:
    """Return costs by number and name as lines."""
    names = next(iter(measured.values()))
    return tuple(Line(name, {number: costs[name] for number, costs in measured.items()}) for name in names)


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds of the processor that this process takes for something."""
    before = time.process_time()
    work()
    return time.process_time() - before


# Detectors


def made_up(folder: Path, images: int, levels: Sequence[tuple[int, int]], side: int) -> FeatureMaps:
    """Write feature maps in float16, and return them memory-mapped: smooth noise in few dimensions, and a little."""
    draws, layers, place = np.random.default_rng(0), [], Path(tempfile.mkdtemp(dir=folder))
    for channels, size in levels:
        path = place / f"{size}.npy"
        array = np.lib.format.open_memmap(path, "w+", np.float16, (images, channels, size, size))
        mixing = draws.standard_normal((channels, DIMENSIONS), np.float32)
        for start in range(0, images, 100):
            part = array[start : start + 100]
            coarse = draws.standard_normal((len(part), DIMENSIONS, size // 4, size // 4), np.float32)
            smooth = np.einsum("cd,ndhw->nchw", mixing, coarse, optimize=True).repeat(4, axis=2).repeat(4, axis=3)
            part[:] = smooth + 0.1 * draws.standard_normal(smooth.shape, np.float32)
        layers.append(np.load(path, mmap_mode="r"))
    return FeatureMaps(tuple(layers), map_size=side)


def costs(name: str, train: FeatureMaps, test: FeatureMaps) -> dict[str, float]:
    """Return the seconds of each part of a fit and of scoring."""
    detector = build_detector(TypeAdapter(Model).validate_python({"name": name}), train.channels, train.map_size)
    intervals = fit(detector, train, TrainingSettings(steps=2 * STEPS, reports=2), 0, CPU)
    first, second = (seconds(lambda: next(intervals, None)) for _ in range(2))  # the first with preparation
    next(intervals, None)
    detector.eval()
    with torch.inference_mode():
        calibration = seconds(lambda: detector.calibrate(train, generator(0, "calibrate")))
        each = [test.batch(list(range(start, min(start + 4, len(test))))) for start in range(0, len(test), 4)]
        scoring = seconds(lambda: [detector.score(batch) for batch in each])
    learning = {f"{STEPS} steps": second, "calibration": calibration} if detector.trains_by_gradient else {}
    return {"preparation": first - second} | learning | {f"scoring {len(test)} images": scoring}


def by_images(folder: Path) -> Panel:
    """Measure URA-Net, which keeps as many prototypes and calibrates on as many images for any training set."""
    train, test = made_up(folder, IMAGES[-1], LEVELS, 16), made_up(folder, SCORED, LEVELS, 16)
    costs("uranet", train.subset(range(8)), test)  # what is done once in a process is not counted
    found = {count: costs("uranet", train.subset(range(count)), test) for count in IMAGES}
    return Panel("URA-Net", "training images", SECONDS, lines(found))


def by_images_kept(folder: Path) -> Panel:
    """Measure PatchCore, which keeps a tenth of all tokens, and PaDiM, which keeps none."""
    levels = LEVELS[1:]
    train, test = made_up(folder, FEWER_IMAGES[-1], levels, 8), made_up(folder, SCORED, levels, 8)
    found = {}
    for count in FEWER_IMAGES:
        part = train.subset(range(count))
        both = {"PatchCore": costs("patchcore", part, test), "PaDiM": costs("padim", part, test)}
        found[count] = {f"{name}, {what}": s for name, parts in both.items() for what, s in parts.items()}
    return Panel("PatchCore and PaDiM", "training images", SECONDS, lines(found))


def by_tokens(folder: Path) -> Panel:
    """Measure URA-Net on few images by the side of its grid; the levels of the backbone grow with it."""
    found = {}
    for side in SIDES:
        levels = [(channels, side * size // 16) for channels, size in LEVELS]
        train, test = made_up(folder, 8, levels, side), made_up(folder, 4, levels, side)
        found[side**2] = costs("uranet", train, test)
    return Panel("URA-Net, 8 images", "tokens of an image", SECONDS, lines(found))


# Studies


def by_plans(folder: Path) -> Panel:
    """Measure the plan by variants and, of one model for all categories, the survey and a run by categories."""
    names = [f"category {number:02}" for number in range(CATEGORIES[-1])]
    for number, name in enumerate(names):
        write_category(folder / "images", name, seed=number)
    plans = {
        count: {"plan, by variants": seconds(lambda n=count: scale.planned(n * scale.CATEGORIES))} for count in VARIANTS
    }
    found = {}
    for count in CATEGORIES:
        data = {"layout": "mvtec_ad", "root": str(folder / "images"), "image_size": 64}
        data |= {"categories": names[:count], "unified": True}
        study = Study.model_validate({"study": "growth", "data": data, "base": SETTINGS})
        surveyed = seconds(lambda study=study: survey(study))
        first, second = (Job.of(study, run) for run in itertools.islice(survey(study).runs.values(), 2))
        for job in (first, second):  # features are computed, and the first trains
            list(execute(job, CPU))
        run = seconds(lambda job=second: list(execute(job, CPU)))
        found[count] = {"survey, by categories": surveyed, "cached run, by categories": run}
    return Panel("Studies", "variants or categories", SECONDS, (*lines(plans), *lines(found)))


def by_workers(folder: Path) -> Panel:
    """Measure the driver of a study of runs that do nothing."""
    found = {}
    for count in WORKERS:
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            end = scale.on_a_cluster([NO_OPS], 1, count)[NO_OPS][-1]
        found[count] = {"driver, processor": 1000 * end.cpu / NO_OPS, "study, wall": 1000 * end.wall / NO_OPS}
    return Panel(f"{NO_OPS} runs that do nothing", "workers", "ms a run", lines(found))


def by_runs(folder: Path) -> Panel:
    """Measure one worker that does run after run, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(many_runs, (folder,))
    return Panel("Runs of one process", "runs done", "MB, or ms a run", lines(found))


def many_runs(folder: Path) -> dict[int, dict[str, float]]:
    """Do tiny runs, each with a training of its own."""
    torch.set_num_threads(1)
    write_category(folder / "images of runs", "nut")
    job, found = small_job(folder / "images of runs"), {}
    for done in range(0, RUNS, EVERY):
        seeds = range(done, done + EVERY)
        taken = seconds(lambda seeds=seeds: [list(execute(job.model_copy(update={"seed": n}), CPU)) for n in seeds])
        found[done + EVERY] = {"resident memory": resident() / 1e6, "processor": 1000 * taken / EVERY}
    return found


# What is shown


def table(panel: Panel) -> Iterator[str]:
    """Yield the lines of a table in Markdown."""
    numbers = sorted({number for line in panel.lines for number in line.values})
    heads = (f"{panel.title}, {panel.unit}; {panel.number}:", *(f"{number:,}" for number in numbers))
    yield f"| {' | '.join(heads)} | exponent | at the end |"
    yield "|---" * (len(numbers) + 3) + "|"
    for line in panel.lines:
        known = [line.values.get(number) for number in numbers]
        cells = ["" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in known]
        yield f"| {line.name} | {' | '.join(cells)} | {' | '.join(f'{e:.2f}' for e in line.exponents)} |"


def figure(panels: Sequence[Panel]) -> Drawn:
    """Return the figure: a plot of each panel, both axes logarithmic."""
    with canvas(TWO, 5.6) as drawn:
        for axes, panel in zip(drawn.subplots(2, math.ceil(len(panels) / 2)).flat, panels, strict=True):
            plot(axes, panel)
    said = (f"{line.name} with exponent {line.exponents[0]:.2f}" for panel in panels for line in panel.lines)
    return Drawn("growth", "", f"Cost against size, both logarithmic: {'; '.join(said)}.", drawn)


def plot(axes: Axes, panel: Panel) -> None:
    for line, (colour, marker, dashes) in zip(panel.lines, STYLES, strict=False):
        label = f"{line.name}: {line.exponents[0]:.2f}"
        x, y = list(line.values), list(line.values.values())
        axes.plot(x, y, color=colour, marker=marker, linestyle=dashes, label=label)
    axes.set(xscale="log", yscale="log", xlabel=panel.number, ylabel=panel.unit, title=panel.title)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** (0.12 * len(panel.lines)))  # room for the legend
    axes.set_xticks(ticks(panel), [f"{number:,}" for number in ticks(panel)])
    axes.minorticks_off()
    if high / low < 10:  # there may be no power of ten
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.legend(loc="upper left")


def ticks(panel: Panel) -> list[int]:
    """Return the numbers at which something was measured, without those that are close to the one before."""
    numbers = sorted({number for line in panel.lines for number in line.values})
    chosen = numbers[:1]
    for number in numbers[1:]:
        if number / chosen[-1] >= (numbers[-1] / numbers[0]) ** 0.22:
            chosen.append(number)
    return chosen


PANELS = {
    "images": by_images,
    "memories": by_images_kept,
    "tokens": by_tokens,
    "plans": by_plans,
    "workers": by_workers,
    "runs": by_runs,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=PANELS, nargs="+", help="only these; nothing is drawn")
    options = parser.parse_args()
    torch.set_num_threads(1)
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["URA_STUDY_CACHE"] = f"{folder}/cache"
        for name in options.what or PANELS:
            measured.append(PANELS[name](Path(folder)))
            print(*table(measured[-1]), "", sep="\n", flush=True)
    if options.what is None:
        save(RESULTS, figure(measured), ["svg"])


if __name__ == "__main__":
    main()
