"""The sample table: what every layout yields and all that the rest of the program knows of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
class Split:
    """Positions in a list of training images."""

    train: tuple[int, ...]
    """What is left to train on, in the order of the list."""
    normal: tuple[int, ...]
    """Held out and left as they are."""
    altered: tuple[int, ...]
    """Held out, to be given a synthetic defect; all of different content."""

    def placed(self, places: Mapping[int, int] | Sequence[int]) -> Split:
        """Return the same images as positions in another list; `places` maps the old positions to the new ones."""
        return Split(*(tuple(places[i] for i in part) for part in (self.train, self.normal, self.altered)))


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
    held: Split | None = None
    """Which of the training images are trained on, and which are held out; None: all are trained on."""
