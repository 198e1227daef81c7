"""The sample table: what every layout yields and all that the rest of the program knows of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

#: The "defect" of images without one.
GOOD = "good"
#: The kind of defect that a folder called so stands for where the place of normal images is another.
DOUBTFUL = "good (anomalous)"


@dataclass(frozen=True)
class Sample:
    """One image. Its label comes from the folder it lies in (or the list it stands in), never from its mask."""

    path: Path
    defect: str
    """`good`, or the kind of defect."""
    masks: tuple[Path, ...] = ()
    """The mask images (not 0: anomalous), of which the union counts; most sets have one, or none, per image."""
    group: str | None = None
    """The patient or physical item, if known: its images are never divided between training and evaluation."""

    @property
    def anomalous(self) -> bool:
        return self.defect != GOOD


class Why(Enum):
    """Why a file is left out, in words: what one such file is called, what many are, and what is the matter."""

    ALONE = "mask", "masks", "without an image"
    OF_NORMAL = "mask", "masks", "of normal images, which need none"
    ELSEWHERE = "image", "images", "not read, in no folder that the layout has"
    UNLISTED = "image", "images", "not read, in no line of the split table"
    ENDING = "file", "files", "not read, of no ending that images have"


#: Reasons for files that may be images but are not read; these are always counted and reported.
UNREAD = (Why.ELSEWHERE, Why.UNLISTED, Why.ENDING)


@dataclass(frozen=True)
class Left:
    """A file that is neither an image nor a mask of the category, to be told of."""

    path: Path
    why: Why


@dataclass(frozen=True)
class Category:
    """The images of one product: normal ones to train on, normal and anomalous ones to test."""

    name: str
    train: tuple[Sample, ...]
    test: tuple[Sample, ...]
    left: tuple[Left, ...] = ()
    """Files in its folder that are left out for no documented reason."""
    labels: tuple[int, ...] | None = None
    """The number of the category of each training image, where they are of several (`data.unified`)."""
