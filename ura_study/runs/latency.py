"""What `ura-study latency` has measured, and what it is measured of.

Latency is a property of an architecture, not of a run: of the network and of what is fitted to it, on one machine.
`latency.jsonl` in a study's folder holds a line for each measurement; a later one of the same architecture supersedes
an earlier one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ura_study.cache import writing
from ura_study.canonical import digest
from ura_study.data.config import DataSettings
from ura_study.errors import DataError
from ura_study.runs.record import Record
from ura_study.settings import inference_part
from ura_study.study.config import VariantSettings
from ura_study.study.plan import Plan

FILE = "latency.jsonl"
#: Sizes of the batches that are measured.
BATCHES = (1, 8)
#: Share of the processors that others used, above which the machine was busy.
BUSY = 0.1


class Timing(BaseModel):
    """Milliseconds per image over repeated calls."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    median: float
    low: float
    """First quartile."""
    high: float
    """Third quartile."""
    calls: int


class Machine(BaseModel):
    """What latency depends on beside the architecture."""

    model_config = ConfigDict(frozen=True)

    host: str
    device: str
    """`cpu`, or the name of the GPU."""
    processor: str
    threads: int
    versions: dict[str, str]

    @property
    def said(self) -> str:
        """The machine in words."""
        threads = f"{self.threads} thread{'' if self.threads == 1 else 's'}"
        place = self.processor if self.device == "cpu" else f"{self.device}, {self.processor}"
        return f"{place}, {threads}, PyTorch {self.versions['torch']}"


class Latency(BaseModel):
    """One measurement: a fitted detector with its backbone, alone on the device and warmed up."""

    model_config = ConfigDict(frozen=True)

    architecture: str
    """The key of `architecture`."""
    variant: str
    category: str
    seed: int
    """Of the run whose detector was measured."""
    image_size: int
    machine: Machine
    network: dict[int, Timing]
    """Size of the batch → from decoded images in main memory to maps and scores there."""
    decoded: dict[int, Timing]
    """The same from files: reading, decoding and resizing included."""
    others: float | None = None
    """Share of the machine's processors that other processes used meanwhile, 0..1; None where the system does not
    tell. What others did on the GPU is not known."""
    finished: str = ""
    """When, ISO 8601 in UTC."""

    @property
    def busy(self) -> bool:
        """Whether something else was at work on the machine."""
        return self.others is not None and self.others > BUSY


def architecture(settings: VariantSettings, data: DataSettings, record: Record) -> str:
    """Return the key of what the latency of a run's detector depends on, so that equal networks are measured once.

    These are the features, what scoring alone reads, the size of images, and the sizes of what was fitted: operations,
    parameters and bytes. How it was trained is no part of it, nor are category and seed.
    """
    return digest(
        {
            "features": settings.features.model_dump(mode="json"),
            "scoring": settings.scoring.model_dump(mode="json"),
            "model": [settings.model.name, inference_part(settings.model)],
            "images": data.preprocessing.identity(),
            "sizes": [record.flops, record.parameters, record.detector_bytes],
        }
    )


def measurable(plan: Plan, records: Mapping[str, Record], data: DataSettings) -> dict[str, tuple[str, str]]:
    """Return variant → architecture and id of the first finished run that tells it.

    Variants are left out that have no finished run with its operations, or need true masks (oracles).
    """
    found: dict[str, tuple[str, str]] = {}
    for variant in plan.variants:
        if variant.settings.model.oracle:
            continue
        for run_id in plan.ids[variant.name]:
            record = records.get(run_id)
            if record is not None and record.done and record.flops is not None:
                found[variant.name] = architecture(variant.settings, data, record), run_id
                break
    return found


def append(folder: Path, latency: Latency) -> None:
    """Add a measurement to those of a study.

    Raises:
        ResourceError: where the file cannot be written.
    """
    path = folder / FILE
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(latency.model_dump_json() + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> list[Latency]:
    """Return all measurements of a study, the oldest first.

    Raises:
        DataError: where a line is none.
    """
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(Latency.model_validate_json(line))
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise DataError(f"{path}, line {number}: not a measurement ({reason}); it may be removed") from None
    return found


def latest(measured: Iterable[Latency]) -> dict[str, Latency]:
    """Return architecture → latest measurement, of the machine that measured last: others do not compare with it."""
    every = list(measured)
    return {one.architecture: one for one in every if one.machine == every[-1].machine}
