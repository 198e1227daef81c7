"""The sample table: what every layout yields and all that the rest of the program knows of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: The folder name, and so the "defect", of images without one.
GOOD = "good"


@dataclass(frozen=True)
class Sample:
    """One image. Its label comes from the folder it lies in, never from its mask."""

    path: Path
    defect: str
    """`good`, or the kind of defect."""
    mask: Path | None = None
    """The mask image (not 0: anomalous); None where there is none."""

    @property
    def anomalous(self) -> bool:
        return self.defect != GOOD


@dataclass(frozen=True)
class Category:
    """The images of one product: normal ones to train on, normal and anomalous ones to test."""

    name: str
    train: tuple[Sample, ...]
    test: tuple[Sample, ...]
