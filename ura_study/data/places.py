"""Data sets that say all by their folders: where the normal and the anomalous images and their masks lie.

Most published sets are of this kind and differ in names alone, so each of them is one `Places`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ura_study.data.files import folders, images
from ura_study.data.layout import Layout, require_images
from ura_study.data.masks import Masks, by_folder, by_stem, divided
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
    unused: tuple[str, ...] = ()
    """Patterns of paths of what the set holds besides and is not used, e.g. `validation/*`."""

    @property
    def masks_beside(self) -> bool:
        """Whether masks lie in the folders of their images."""
        return self.masks is not None and PurePosixPath(self.masks) == PurePosixPath(self.anomalous)

    def has(self, folder: Path) -> bool:
        """Tell whether a folder is a category."""
        return (folder / self.train).is_dir() and (folder / self.sign).is_dir()


def by_category(*kinds: Places, wanted: str) -> Layout:
    """Return the layout with one folder per category below the root, each in the first of `kinds` that fits it."""

    def names(root: Path) -> tuple[str, ...]:
        return tuple(path.name for path in folders(root) if any(places.has(path) for places in kinds))

    def fitting(folder: Path) -> Places:
        return next(places for places in kinds if places.has(folder))

    return Layout(
        wanted,
        names,
        load=lambda root, name: read_places(root / name, name, fitting(root / name)),
        folder=lambda root, name: root / name,
        unused=lambda folder: fitting(folder).unused,
    )


def single(places: Places, name: str, wanted: str) -> Layout:
    """Return the layout whose root is the only category itself, called `name`."""
    return Layout(
        wanted,
        lambda root: (name,) if places.has(root) else (),
        lambda root, _: read_places(root, name, places),
        lambda root, _: root,
        lambda _: places.unused,
    )


def read_places(folder: Path, name: str, places: Places) -> Category:
    """Return the sample table of a category, samples sorted by folder and file name.

    Raises:
        DataError: where a split has no image or masks do not fit the images by their names.
    """
    train = _samples(_pictures(folder / places.train, places), GOOD, {}, places)
    require_images(train, "training", folder / places.train, name)
    normal = folder / places.normal
    kinds = {place: defect for defect, place in defect_folders(folder, places).items() if place != normal}
    test = tuple(
        sample
        for place in sorted({normal, *kinds})
        for pictures in [_pictures(place, places)]
        for sample in (
            _samples(
                pictures, _kind(kinds[place], place, folder), masks_of(folder, places, kinds[place], pictures), places
            )
            if place in kinds
            else _samples(pictures, GOOD, {}, places)
        )
    )
    require_images(test, "test", folder / places.anomalous.split("{")[0], name)
    return Category(name, train, test)


def defect_folders(folder: Path, places: Places) -> dict[str, Path]:
    """Return the folder of each kind of defect; without `{defect}` in its place all are of the kind of its name.

    `{defect}` may be a part of a folder's name, as in `test/defect_{defect}/images`.
    """
    before, braces, after = places.anomalous.partition("{defect}")
    if not braces:
        place = folder / places.anomalous
        return {place.name: place} if place.is_dir() else {}
    above, _, begin = before.rpartition("/")
    end, _, below = after.partition("/")
    taken = [PurePosixPath(p) for p in (places.train, places.normal, places.masks) if p is not None]
    found = {}
    for path in folders(folder / above):
        fits = path.name.startswith(begin) and path.name.endswith(end) and len(path.name) > len(begin + end)
        free = not any((PurePosixPath(above) / path.name) in (place, *place.parents) for place in taken)
        if fits and free and (path / below).is_dir():
            found[path.name[len(begin) : len(path.name) - len(end)]] = path / below
    return found


def masks_of(folder: Path, places: Places, defect: str, pictures: Sequence[Path]) -> Masks:
    """Return the masks of the images of one kind of defect, as far as they have any; normal images have none."""
    if places.masks is None:
        return {}
    place, per_image, _ = places.masks.partition("/{image}")
    place = folder / place.replace("{defect}", defect)
    return by_folder(pictures, place) if per_image else by_stem(pictures, _masks(place, places), places.suffix)


def _pictures(place: Path, places: Places) -> list[Path]:
    """Return the images of a folder; where masks lie beside images, what is named like one is none."""
    return divided(images(place), places.suffix)[0] if places.masks_beside else images(place)


def _masks(place: Path, places: Places) -> list[Path]:
    return divided(images(place), places.suffix)[1] if places.masks_beside else images(place)


def _kind(defect: str, place: Path, folder: Path) -> str:
    """Return a kind of defect. One that is called as what is normal is named by its whole place."""
    return place.relative_to(folder).as_posix() if defect == GOOD else defect


def _samples(pictures: Sequence[Path], defect: str, masks: Masks, places: Places) -> tuple[Sample, ...]:
    return tuple(Sample(path, defect, masks.get(path, ()), places.group(path.stem)) for path in pictures)
