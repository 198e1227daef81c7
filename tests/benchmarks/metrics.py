"""Seconds and memory of `evaluate` by number of images and share of anomalous pixels (256 x 256, float32).

A third of the images are normal; the others have defects of eight kinds. Seconds are those of the processor.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/metrics.py
"""

from __future__ import annotations

import multiprocessing
import resource
import time

import numpy as np

from ura_study.metrics.evaluate import evaluate

SIDE = 256
CASES = ((60, 0.03), (60, 0.5), (584, 0.03), (584, 0.5))


def measure(images: int, share: float) -> tuple[float, float, float]:
    """Return seconds, the size of the maps and the peak of the process (both MB); each defect is a band."""
    generator = np.random.default_rng(0)
    labels = np.arange(images) % 3 > 0
    band = np.zeros((SIDE, SIDE), dtype=bool)
    band[: round(share * SIDE)] = True
    masks = [band if label else None for label in labels]
    kinds = [f"kind {n % 8}" if label else "good" for n, label in enumerate(labels)]
    maps = generator.standard_normal((images, SIDE, SIDE), dtype=np.float32)
    scores = maps.max(axis=(1, 2))
    start = time.process_time()
    evaluate(labels, scores, maps, masks, defects=kinds)
    return time.process_time() - start, maps.nbytes / 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    """Print one line per case; each runs in a process of its own, so that the peak is that of the case."""
    print("images  anomalous pixels  seconds  maps MB  peak MB")
    for images, share in CASES:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, size, peak = pool.apply(measure, (images, share))
        print(f"{images:6d}  {share:16.0%}  {seconds:7.2f}  {size:7.0f}  {peak:7.0f}")


if __name__ == "__main__":
    main()
