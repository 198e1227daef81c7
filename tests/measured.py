"""Made-up measurements of latency."""

from __future__ import annotations

from ura_study.runs.latency import Latency, Machine, Timing


def machine(**changes) -> Machine:
    known = {"host": "here", "device": "cpu", "processor": "Z80", "threads": 2, "versions": {"torch": "2.9"}}
    return Machine(**known | changes)


def measurement(architecture: str, median: float = 10.0, where: Machine | None = None, **fields) -> Latency:
    """Return a measurement of `median` ms for one image, a quarter of that for eight; decoding takes 5 ms more."""
    timings = {
        extra: {
            size: Timing(median=at + extra, low=at + extra - 1, high=at + extra + 2, calls=20)
            for size, at in ((1, median), (8, median / 4))
        }
        for extra in (0, 5)
    }
    known = {"variant": "full", "category": "nut", "seed": 0, "image_size": 256}
    return Latency(
        architecture=architecture,
        machine=where or machine(),
        network=timings[0],
        decoded=timings[5],
        **known | fields,
    )
