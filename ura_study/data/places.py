"""Data sets that say all by their folders: where the normal and the anomalous images and their masks lie.

Most published sets are of this kind and differ in names alone, so each of them is one `Places`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ura_study.data.files import folders, images
from ura_study.data.layout import Layout, require_images
from ura_study.data.masks import Masks, by_folder, by_stem
from ura_study.data.table import GOOD, Category, Sample


@dataclass(frozen=True)
class Places:
    """The folders of one category, relative to its own; `{defect}` stands for any name and gives the kind."""

    train: str
    """Normal images to train on."""
    normal: str
    """Normal images to test."""
    anomalous: str
    """Anomalous images, e.g. `test/{defect}`; other places of this category are not taken for a kind of defect."""
    masks: str | None = None
    """Masks of a kind of defect, e.g. `ground_truth/{defect}`, or of one image where it ends in `/{image}`."""
    suffix: str = "_mask"
    """What a mask's stem has more than its image's; masks with the very stem of the image are found, too."""
    group: Callable[[str], str | None] = lambda stem: None
    """From an image's stem to the patient or item that it shows."""
    sign: str = ""
    """A folder that a category must have besides, where other places begin alike."""

    def has(self, folder: Path) -> bool:
        """Tell whether a folder is a category."""
        return (folder / self.train).is_dir() and (folder / self.sign).is_dir()


def by_category(*kinds: Places, wanted: str) -> Layout:
    """Return the layout with one folder per category below the root, each in the first of `kinds` that fits it."""

    def names(root: Path) -> tuple[str, ...]:
        return tuple(path.name for path in folders(root) if any(places.has(path) for places in kinds))

    def load(root: Path, name: str) -> Category:
        return read_places(root / name, name, next(places for places in kinds if places.has(root / name)))

    return Layout(wanted, names, load)


def single(places: Places, name: str, wanted: str) -> Layout:
    """Return the layout whose root is the only category itself, called `name`."""
    return Layout(
        wanted,
        lambda root: (name,) if places.has(root) else (),
        lambda root, _: read_places(root, name, places),
    )


def read_places(folder: Path, name: str, places: Places) -> Category:
    """Return the sample table of a category, samples sorted by folder and file name.

    Raises:
        DataError: where a split has no image or masks do not fit the images by their names.
    """
    train = _samples(images(folder / places.train), GOOD, {}, places)
    require_images(train, "training", folder / places.train, name)
    found = {GOOD: folder / places.normal} | defect_folders(folder, places)
    test = tuple(
        sample
        for defect, place in sorted(found.items(), key=lambda item: item[1])
        for pictures in [images(place)]
        for sample in _samples(pictures, defect, masks_of(folder, places, defect, pictures), places)
    )
    require_images(test, "test", folder / places.anomalous.split("{")[0], name)
    return Category(name, train, test)


def defect_folders(folder: Path, places: Places) -> dict[str, Path]:
    """Return the folder of each kind of defect; without `{defect}` in its place all are of the kind of its name."""
    before, braces, after = places.anomalous.partition("{defect}")
    if not braces:
        place = folder / places.anomalous
        return {place.name: place} if place.is_dir() else {}
    taken = [PurePosixPath(p) for p in (places.train, places.normal, places.masks) if p is not None]
    candidates = {path.name: path / after.strip("/") for path in folders(folder / before)}
    return {
        name: path
        for name, path in candidates.items()
        if path.is_dir() and not any((PurePosixPath(before) / name) in (place, *place.parents) for place in taken)
    }


def masks_of(folder: Path, places: Places, defect: str, pictures: Sequence[Path]) -> Masks:
    """Return the masks of the images of one kind of defect, as far as they have any; normal images have none."""
    if places.masks is None or defect == GOOD:
        return {}
    place, per_image, _ = places.masks.partition("/{image}")
    place = folder / place.replace("{defect}", defect)
    return by_folder(pictures, place) if per_image else by_stem(pictures, images(place), places.suffix)


def _samples(pictures: Sequence[Path], defect: str, masks: Masks, places: Places) -> tuple[Sample, ...]:
    return tuple(Sample(path, defect, masks.get(path, ()), places.group(path.stem)) for path in pictures)
