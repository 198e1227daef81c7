"""The sample table: what every layout yields and all that the rest of the program knows of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: The folder name, and so the "defect", of images without one.
GOOD = "good"


@dataclass(frozen=True)
class Sample:
    """One image. Its label comes from the folder it lies in (or the list it stands in), never from its mask."""

    path: Path
    defect: str
    """`good`, or the kind of defect."""
    masks: tuple[Path, ...] = ()
    """The mask images (not 0: anomalous), of which the union counts; most sets have one, or none, per image."""
    group: str | None = None
    """What must not be divided between training and evaluation: the patient or the physical item, where known."""

    @property
    def anomalous(self) -> bool:
        return self.defect != GOOD


@dataclass(frozen=True)
class Category:
    """The images of one product: normal ones to train on, normal and anomalous ones to test."""

    name: str
    train: tuple[Sample, ...]
    test: tuple[Sample, ...]
