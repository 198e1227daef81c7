"""Seconds and memory of `evaluate` by number and size of images and share of anomalous pixels (float32, noise).

A third of the images are normal; the others have defects of eight kinds. Seconds are those of the processor. Memory is
the peak of the process above what it took before there were maps, as a multiple of what the maps take themselves.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/metrics.py
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from pathlib import Path

import numpy as np
import torch

from ura_study.metrics.evaluate import evaluate

#: Images, their side, and the share of each defect of its image.
CASES = ((60, 256, 0.03), (60, 256, 0.5), (1000, 256, 0.03), (1000, 256, 0.5), (100, 1024, 0.03), (100, 1024, 0.5))


def measure(images: int, side: int, share: float) -> tuple[float, float, float]:
    """Return seconds, the size of the maps (MB) and the peak as a multiple of it; each defect is a band."""
    labels = np.arange(images) % 3 > 0
    masks = [np.arange(side)[:, None] < np.full(side, round(share * side)) if label else None for label in labels]
    kinds = [f"kind {n % 8}" if label else "good" for n, label in enumerate(labels)]
    before = resident()
    maps = torch.randn(images, side, side, generator=torch.Generator().manual_seed(0))
    scores = maps.amax(dim=(1, 2)).numpy()
    start = time.process_time()
    evaluate(labels, scores, maps, masks, defects=kinds)
    seconds, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    return seconds, maps.nbytes / 1e6, (peak - before) / maps.nbytes


def resident() -> int:
    """Return the bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    """Print one line per case; each runs in a process of its own, so that the peak is that of the case."""
    print("images  side  anomalous pixels  seconds  maps MB  peak / maps")
    for case in CASES:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, size, peak = pool.apply(measure, case)
        images, side, share = case
        print(f"{images:6d}  {side:4d}  {share:16.0%}  {seconds:7.2f}  {size:7.0f}  {peak:11.1f}")


if __name__ == "__main__":
    main()
