"""Milliseconds of a training step and of scoring an image, by detector and precision, on a GPU or on processors.

Features are made up: 80 images of 112 channels (two layers of the default backbone) on grids of 32 and 64. One process
has the device; medians of five stretches after a first one that is not counted.

Run: python tests/benchmarks/gpu.py [cuda|cpu]
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import torch
from pydantic import TypeAdapter

from ura_study.detectors.base import Detector
from ura_study.detectors.build import build_detector
from ura_study.detectors.config import Model
from ura_study.features.maps import FeatureMaps
from ura_study.randomness import generator
from ura_study.runs.memory import peak_bytes, start_counting
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

IMAGES, CHANNELS, STRETCHES, STEPS = 80, 112, 5, 20
BATCH = 8
CASES = [("uranet", 32, "float32"), ("uranet", 32, "bfloat16"), ("uranet", 32, "float16"), ("uranet", 64, "float32")]
CASES += [("uranet", 64, "bfloat16"), ("patchcore", 32, "float32")]


def made_up(side: int) -> FeatureMaps:
    """Return feature maps of smooth noise."""
    draws = np.random.default_rng(0)
    coarse = draws.standard_normal((IMAGES, CHANNELS, side // 4, side // 4)).astype(np.float32)
    maps = coarse.repeat(4, axis=2).repeat(4, axis=3)
    return FeatureMaps((maps + 0.3 * draws.standard_normal(maps.shape).astype(np.float32),), map_size=side)


def prepared(name: str, train: FeatureMaps, precision: str, device: torch.device) -> tuple[Detector, float, float]:
    """Return a detector that was trained, the seconds of its preparation and the milliseconds of a step."""
    detector = build_detector(TypeAdapter(Model).validate_python({"name": name}), train.channels, train.map_size)
    steps = STEPS * (STRETCHES + 1)
    settings = TrainingSettings(steps=steps, reports=STRETCHES + 1, precision=precision)
    start = time.perf_counter()
    taken = [interval.seconds / STEPS for interval in fit(detector, train, settings, 0, device)]
    preparing = time.perf_counter() - start - STEPS * sum(taken)
    return detector, preparing, 1e3 * statistics.median(taken[1:] or [0.0])


def scoring(detector: Detector, train: FeatureMaps, device: torch.device) -> tuple[float, float]:
    """Return the seconds of calibration, and the milliseconds of scoring an image in batches."""
    start = time.perf_counter()
    detector.calibrate(train, generator(0, "calibrate"))
    _done(device)
    calibrating, taken = time.perf_counter() - start, []
    for _ in range(STRETCHES + 1):
        start = time.perf_counter()
        for first in range(0, IMAGES, BATCH):
            detector.score(train.batch(list(range(first, first + BATCH)), device))
        _done(device)
        taken.append((time.perf_counter() - start) / IMAGES)
    return calibrating, 1e3 * statistics.median(taken[1:])


def _done(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    device = torch.device(sys.argv[1] if len(sys.argv) > 1 else "cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"{name}, torch {torch.__version__}")
    print("| detector | grid | precision | prepare s | step ms | calibrate s | score ms/image | peak GB |")
    print("|---|---|---|---|---|---|---|---|")
    for detector_name, side, precision in CASES:
        train = made_up(side)
        start_counting(device)
        detector, preparing, step = prepared(detector_name, train, precision, device)
        detector.eval()
        with torch.inference_mode():
            calibrating, score = scoring(detector, train, device)
        peak = (peak_bytes(device) or 0) / 1e9
        cells = f"{preparing:.1f} | {step:.1f} | {calibrating:.2f} | {score:.2f} | {peak:.2f}"
        print(f"| {detector_name} | {side} | {precision} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
