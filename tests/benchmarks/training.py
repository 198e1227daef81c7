"""How much longer a training step of URA-Net takes than its matrix products, and its products and searches, alone.

The products of a step (of matrices, batches of matrices and images with kernels) are noted with the shapes of their
arguments, and so are the searches for the largest of a row, in which its attention finds its sources. Then both are
done again on random numbers. All in one process, by turns; medians of five. The last column is a step of twelve images
as a share of three steps of four: what training three seeds as one batched model could save at most.

Run: python tests/benchmarks/training.py [cuda|cpu] [threads]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import torch
from gpu import made_up
from pydantic import TypeAdapter
from torch.utils._python_dispatch import TorchDispatchMode

from ura_study.detectors.build import build_detector
from ura_study.detectors.config import Model
from ura_study.detectors.uranet import restoration, search
from ura_study.detectors.uranet.search import largest
from ura_study.features.maps import FeatureMaps
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

ROUNDS, STEPS = 5, 10
PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "addmv", "convolution", "convolution_backward"}
Calls = list[Callable[[], object]]


class Products(TorchDispatchMode):
    """Keeps the products, each as a call that does it again on random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Calls = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func.__name__.partition(".")[0] in PRODUCTS:
            again = [torch.randn_like(x) if isinstance(x, torch.Tensor) else x for x in args]
            self.calls.append(lambda: func(*again, **(kwargs or {})))
        return func(*args, **(kwargs or {}))


@contextmanager
def searches() -> Iterator[Calls]:
    """Keep the searches, each as a call that does it again on random numbers."""
    calls: Calls = []

    def noted(values: torch.Tensor, count: int) -> torch.Tensor:
        calls.append(partial(largest, torch.randn_like(values), count))
        with patch.object(search, "largest", largest):  # it calls itself
            return largest(values, count)

    with patch.object(search, "largest", noted), patch.object(restoration, "largest", noted):
        yield calls


def steps(train: FeatureMaps, batch: int, device: torch.device) -> Iterator[float]:
    """Yield the seconds of a step, each time the mean over some."""
    detector = build_detector(TypeAdapter(Model).validate_python({"name": "uranet"}), train.channels, train.map_size)
    settings = TrainingSettings(steps=STEPS * (ROUNDS + 2), reports=ROUNDS + 2, batch_size=batch)
    for interval in fit(detector, train, settings, 0, device):
        yield interval.seconds / STEPS


def seconds(calls: Calls, device: torch.device) -> float:
    started = time.perf_counter()
    for call in calls:
        call()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (time.perf_counter() - started) / STEPS


def main() -> None:
    device = torch.device(sys.argv[1] if len(sys.argv) > 1 else "cpu")
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print("| grid | step ms | products alone | of it | products and searches | of it | twelve images : 3 × four |")
    print("|---|---|---|---|---|---|---|")
    for side in (32, 64):
        train = made_up(side)
        four, twelve = steps(train, 4, device), steps(train, 12, device)
        next(twelve), next(four)  # the first is not counted
        with searches() as sought, Products() as products:
            next(four)
        taken = []
        for _ in range(ROUNDS):
            ours, alone = next(four), seconds(products.calls, device)
            taken.append((ours, alone, alone + seconds(sought, device), next(twelve) / (3 * ours)))
        step, alone, both, packed = (statistics.median(column) for column in zip(*taken, strict=True))
        print(
            f"| {side} | {1e3 * step:.1f} | {1e3 * alone:.1f} | {step / alone:.2f} × | {1e3 * both:.1f} "
            f"| {step / both:.2f} × | {packed:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
