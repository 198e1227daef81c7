"""Wall time of a study of twelve variants on one category, against the loop that people write.

The loop: a process per variant, one after the other, with all processor cores; images are decoded and go through the
backbone whenever their features are needed; the test set is judged after each epoch, by metrics of torchmetrics and
anomalib (`pip install torchmetrics anomalib`). What it would take with one judgement, at the end, is told too. The
detector, its seeds and its updates are the same, so the numbers must be, up to rounding. The caches are empty at the
start, but for the images themselves.

Run: python tests/benchmarks/study.py [NUMBER]     (do so many variants by hand; their mean counts for the others)
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ura_study.cache import cache_root
from ura_study.data.images import load_image
from ura_study.data.table import Category, Sample
from ura_study.detectors.base import Detector
from ura_study.detectors.build import build_detector
from ura_study.features.extract import extracted
from ura_study.features.maps import FeatureMaps
from ura_study.runs.execute import read_category
from ura_study.runs.job import Job
from ura_study.runs.stages.evaluation import truth_of
from ura_study.runs.stages.scoring import score_images
from ura_study.study.loading import load_study
from ura_study.study.survey import survey
from ura_study.training.loop import fit

STUDY = """
study: twelve
data: {layout: textures, categories: [grass]}
ablations:
  components: {leave_one_out: [model.synthesis, model.perception, model.restoration]}
  strength: {sweep: {model.synthesis.strength: [0.25, 4.0]}}
  samples: {sweep: {model.perception.mc_samples: [1, 12]}}
  depth: {sweep: {model.restoration.depth: [2]}}
  layers: {sweep: {features.layers: [[2, 3], [1, 2], [1, 3]]}}
resources: {cpu: 1}
"""
CPU = torch.device("cpu")
NAMES = ("image_auroc", "pixel_auroc", "pixel_ap", "pixel_aupro")


@dataclass(frozen=True)
class Live(FeatureMaps):
    """Feature maps that are computed from the images whenever they are asked for."""

    def read(self, index: Sequence[int], device: torch.device) -> tuple[torch.Tensor, ...]:
        """Decode the images and run the backbone; rounded as the cache keeps them."""
        places = np.asarray(index) if self.chosen is None else self.chosen[index]
        images = torch.from_numpy(np.stack([self.origin.image(int(place)) for place in places]))
        return tuple(maps.half().float() for maps in self.origin.layers(images, device))


def live(samples: Sequence[Sample], job: Job) -> Live:
    """Return maps of images that hold nothing but shapes, which those of the first image tell."""

    def image(number: int) -> np.ndarray:
        return load_image(samples[number].path, job.data.preprocessing)

    one = extracted(1, image, job.settings.features, CPU)
    layers = tuple(np.broadcast_to(np.float16(0), (len(samples), *layer.shape[1:])) for layer in one.layers)
    return Live(layers, one.map_size, one.neighbourhood, one.pooling, source=one.source)


def by_hand(job: Job) -> dict[str, float]:
    """Do a run as a script of its own does; return its last metrics, and the seconds of all judgements but the last."""
    category = read_category(job)
    train, test = live(category.train, job), live(category.test, job)
    detector = build_detector(job.settings.model, train.channels, train.map_size)
    training = job.settings.training
    epochs = max(1, round(training.steps * training.batch_size / len(train)))
    metrics, taken = {}, [0.0]
    for _ in fit(detector, train, training.model_copy(update={"reports": epochs}), job.seed, CPU):
        started = time.perf_counter()
        metrics = judged(job, detector, category, train, test)
        taken.append(time.perf_counter() - started)
    if not metrics:  # nothing was trained
        metrics = judged(job, detector, category, train, test)
    return metrics | {"earlier": sum(taken[:-1])}


def judged(job: Job, detector: Detector, category: Category, train: Live, test: Live) -> dict[str, float]:
    """Return the metrics of a detector as it is now."""
    from anomalib.metrics.aupro import _AUPRO
    from torchmetrics.classification import BinaryAUROC, BinaryAveragePrecision

    scored = score_images(detector, train, test, job.settings.scoring, job.data.image_size, job.seed, CPU)
    truth = truth_of(category.test, job.data)
    none = np.zeros(truth.shape, dtype=bool)
    masks = torch.from_numpy(np.stack([none if mask is None else mask for mask in truth.masks])).int()
    regions = _AUPRO(fpr_limit=0.3)
    regions.update(scored.maps, masks)
    values = (
        BinaryAUROC()(torch.from_numpy(scored.scores), torch.from_numpy(truth.labels).int()),
        BinaryAUROC()(scored.maps.flatten(), masks.flatten()),
        BinaryAveragePrecision()(scored.maps.flatten(), masks.flatten()),
        regions.compute(),
    )
    return dict(zip(NAMES, map(float, values), strict=True))


def measured(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Run a command with the cache `folder`; return its seconds, the share of the processors busy, and its output."""
    environment = os.environ | {"URA_STUDY_CACHE": str(folder)}
    before, started = idle_seconds(), time.perf_counter()
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    seconds = time.perf_counter() - started
    return seconds, 1 - (idle_seconds() - before) / (seconds * os.cpu_count()), output


def idle_seconds() -> float:
    """Return how long all processors together have been idle (Linux)."""
    idle, waiting = Path("/proc/stat").read_text().split()[4:6]
    return (int(idle) + int(waiting)) / os.sysconf("SC_CLK_TCK")


def jobs(study: Path) -> list[Job]:
    loaded = load_study(study)
    return [Job.of(loaded, run) for run in survey(loaded).runs.values()]


def compare(folder: Path, wanted: int | None) -> None:
    """Print the seconds of both ways, where ours went, and how far the numbers are apart."""
    study = folder / "twelve.yaml"
    study.write_text(STUDY)
    names = [job.variant for job in jobs(study)]  # which also makes the images
    for cache in ("ours", "theirs"):
        for images in filter(Path.is_dir, cache_root().glob("textures-*")):
            shutil.copytree(images, folder / cache / images.name)
    program = [sys.executable, "-m", "ura_study", "run", str(study), "--results", str(folder / "results")]
    ours, busy, _ = measured(program, folder / "ours")
    print(f"ura-study run: {ours:.0f} s, processors {busy:.0%} busy", flush=True)
    lines = (folder / "results/twelve/runs.jsonl").read_text().splitlines()
    records = {record["variant"]: record for record in map(json.loads, lines)}
    spent = Counter()
    for record in records.values():
        done = {name: s for name, s in record["timings"].items() if name.endswith("_seconds")}
        if record["fit_shared"]:  # those are the seconds of another run
            del done["fit_seconds"]
        spent.update(done)
    print("  " + ", ".join(f"{name.removesuffix('_seconds')} {s:.0f} s" for name, s in spent.most_common()))
    loops, once, farthest = [], [], dict.fromkeys(NAMES, 0.0)
    for number, name in list(enumerate(names))[:wanted]:
        seconds, busy, output = measured([sys.executable, __file__, str(study), str(number)], folder / "theirs")
        found = json.loads(output.splitlines()[-1])
        loops.append(seconds)
        once.append(seconds - found.pop("earlier"))
        for metric, value in found.items():
            farthest[metric] = max(farthest[metric], abs(value - records[name]["metrics"][metric]))
        print(f"by hand, {name}: {seconds:.0f} s, judged once {once[-1]:.0f} s, {busy:.0%} busy", flush=True)
    for what, seconds in (("after each epoch", loops), ("once", once)):
        theirs = statistics.mean(seconds) * len(names)
        print(f"by hand, judged {what}: {theirs:.0f} s, so {theirs / ours:.1f} times as long")
    print("largest differences: " + ", ".join(f"{name} {value:.1g}" for name, value in farthest.items()))


def main() -> None:
    if len(sys.argv) == 3:
        print(json.dumps(by_hand(jobs(Path(sys.argv[1]))[int(sys.argv[2])])))
    else:
        with tempfile.TemporaryDirectory() as folder:
            compare(Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else None)


if __name__ == "__main__":
    main()
