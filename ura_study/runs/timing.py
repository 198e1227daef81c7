"""Measure how long a fitted detector takes for an image, alone on the device.

A call goes end to end: from pixels in main memory through backbone and detector to the full-size maps and image scores
in main memory, so that on a GPU transfers and waiting are part of it. Calls of the first second are not counted; of the
others the quartiles are given, since a mean would follow a single interruption. Sizes of batches take turns, with and
without decoding, so that a machine that is slower for some seconds is so for all of them, and not for long.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch

from ura_study.data.images import load_image
from ura_study.data.preprocessing import Preprocessing
from ura_study.detectors.anomaly_map import full_size, image_scores
from ura_study.detectors.base import Detector
from ura_study.features.backbone import Backbone
from ura_study.features.maps import FeatureMaps
from ura_study.features.origin import Origin
from ura_study.runs.attempt import device_of
from ura_study.runs.execute import read_category
from ura_study.runs.job import Job
from ura_study.runs.latency import BATCHES, Latency, Machine, Timing
from ura_study.runs.provenance import provenance
from ura_study.runs.rebuild import rebuilt
from ura_study.study.config import VariantSettings

#: Seconds that calls take before those that count; turns of all calls; seconds of a turn, and calls in it, at least.
WARM_UP, TURNS, SECONDS, FEWEST = 1.0, 6, 0.5, 3


def measured(job: Job, architecture: str) -> Latency:
    """Return the latency of the detector of a run, which is fitted anew where it is not in the cache.

    Raises:
        UserError: where images, disk or weights are not as they must be.
    """
    paths = [sample.path for sample in read_category(job).test]
    detector, device = rebuilt(job), device_of(job)
    call = pipeline(detector, job.settings, job.data.image_size, device)
    before = _used()
    calls: list[tuple[Callable[[], object], int]] = []
    for count in BATCHES:
        chosen = [paths[i % len(paths)] for i in range(count)]
        calls.append((partial(call, _decoded(chosen, job.data.preprocessing)), count))
        calls.append((partial(_from_files, call, chosen, job.data.preprocessing), count))
    found = timed(calls)
    return Latency(
        architecture=architecture,
        variant=job.variant,
        category=job.category,
        seed=job.seed,
        image_size=job.data.image_size,
        machine=machine(device),
        network=dict(zip(BATCHES, found[::2], strict=True)),
        decoded=dict(zip(BATCHES, found[1::2], strict=True)),
        others=_by_others(before, _used()),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def machine(device: torch.device) -> Machine:
    """Return what this machine is, for `device` and the threads of this process."""
    known = provenance(device)
    return Machine.model_validate({name: known[name] for name in Machine.model_fields})


def pipeline(
    detector: Detector, settings: VariantSettings, image_size: int, device: torch.device
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return a function from images (B, H, H, 3) uint8 to their maps (B, H, H) and scores (B,), all in main memory.

    The detector is fitted and calibrated, and on `device`.
    """
    features, precision = settings.features, getattr(torch, settings.features.precision)
    backbone = Backbone(features, features.layers, device)

    @torch.no_grad()
    def call(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        layers = tuple(maps.to(precision).float() for maps in backbone(images))
        without_values = tuple(np.broadcast_to(np.float32(0), maps.shape) for maps in layers)
        source = Origin(lambda index: images[index], features)
        maps = FeatureMaps(without_values, features.map_size, features.neighbourhood, features.pooling, source=source)
        batch = maps.batch(slice(None), device)
        batch.layers = layers  # on the device already: they need not go through main memory
        scores = detector.score(batch)
        full = full_size(scores.maps, image_size, settings.scoring)  # (B, H, H)
        values = image_scores(full, settings.scoring) if scores.images is None else scores.images
        return full.cpu().numpy(), values.cpu().numpy()

    return call


def _used() -> tuple[float, float, float] | None:
    """Return the seconds since the start that all processors passed, that they worked, and that this process worked.

    None where the system does not tell; Linux does.
    """
    stat = Path("/proc/stat")
    if not stat.is_file():
        return None
    ticks = [int(field) for field in stat.read_text().splitlines()[0].split()[1:9]]
    passed, idle = sum(ticks), ticks[3] + ticks[4]
    per_second = os.sysconf("SC_CLK_TCK")
    return passed / per_second, (passed - idle) / per_second, time.process_time()


def _by_others(before: tuple[float, float, float] | None, after: tuple[float, float, float] | None) -> float | None:
    """Return the share of all processors that other processes used between two times, 0..1."""
    if before is None or after is None or after[0] <= before[0]:
        return None
    passed, worked, own = (b - a for a, b in zip(before, after, strict=True))
    return round(min(max(worked - own, 0.0) / passed, 1.0), 3)


def timed(calls: Sequence[tuple[Callable[[], object], int]]) -> list[Timing]:
    """Return the milliseconds per image of each call, given with the number of images that it works on."""
    for call, _ in calls:
        _seconds(call, WARM_UP, 1)
    taken: list[list[float]] = [[] for _ in calls]
    gc.collect()
    gc.disable()
    try:
        for _ in range(TURNS):
            for (call, _), seconds in zip(calls, taken, strict=True):
                seconds += _seconds(call, SECONDS, FEWEST)
    finally:
        gc.enable()
    return [_timing(1000 * np.array(seconds) / images) for (_, images), seconds in zip(calls, taken, strict=True)]


def _timing(taken: np.ndarray) -> Timing:
    low, median, high = (round(float(value), 4) for value in np.quantile(taken, [0.25, 0.5, 0.75]))
    return Timing(median=median, low=low, high=high, calls=len(taken))


def _seconds(call: Callable[[], object], total: float, fewest: int) -> list[float]:
    """Return the seconds of each call, which are repeated until they take `total` and are at least `fewest`."""
    taken: list[float] = []
    while len(taken) < fewest or sum(taken) < total:
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return taken


def _from_files(call: Callable[[np.ndarray], object], paths: Sequence[Path], how: Preprocessing) -> None:
    call(_decoded(paths, how))


def _decoded(paths: Sequence[Path], how: Preprocessing) -> np.ndarray:
    return np.stack([load_image(path, how) for path in paths])
