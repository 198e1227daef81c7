"""Layouts defined by folders alone: one for normal images, one for anomalous images, one for masks, and so on.

Most published sets are of this kind and differ only in names, so each of them is one `Places`. Images and masks may
also be in subfolders of a place. `roles` decides what each file is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ura_study.data.files import folders, plain, within
from ura_study.data.layouts.base import Layout, require_images
from ura_study.data.layouts.pattern import IMAGE, Pattern
from ura_study.data.layouts.roles import Patterns, Placed, Role, placed
from ura_study.data.masks import Masks, by_folder, by_stem
from ura_study.data.table import DOUBTFUL, GOOD, Category, Left, Sample, Why
from ura_study.errors import DataError

IMAGES = (Role.TRAIN, Role.NORMAL, Role.ANOMALOUS)
LEFT = {Role.ELSEWHERE: Why.ELSEWHERE, Role.OTHER: Why.ENDING}


@dataclass(frozen=True)
class Places:
    """The folders of one category, relative to its own; `{defect}` stands for any name and gives the kind."""

    train: str
    """Normal images to train on."""
    normal: str | None
    """Normal images to test; None where there are none."""
    anomalous: str
    """Anomalous images, e.g. `test/{defect}`; other places of this category are not taken for a kind of defect."""
    masks: str | None = None
    """Masks of a kind of defect, e.g. `ground_truth/{defect}`, or of one image where it ends in `/{image}`."""
    suffix: str = "_mask"
    """Appended to the image's stem in the stem of its mask; masks with the same stem as the image are found, too."""
    group: Callable[[str], str | None] = lambda stem: None
    """From an image's stem to the patient or item that it shows."""
    sign: str = ""
    """A further folder that a category must have, to distinguish similar layouts."""
    unused: tuple[str, ...] = ()
    """Folders of the layout that are not used; they are not reported."""

    def has(self, folder: Path) -> bool:
        """Tell whether a folder is a category."""
        return within(folder, self.train).is_dir() and within(folder, self.sign).is_dir()

    @cached_property
    def patterns(self) -> Patterns:
        """The places of each role."""
        places = {
            Role.TRAIN: (self.train,),
            Role.NORMAL: (self.normal,),
            Role.UNUSED: self.unused,
            Role.ANOMALOUS: (self.anomalous,),
            Role.MASK: (self.masks,),
        }
        return {role: tuple(Pattern(text) for text in texts if text is not None) for role, texts in places.items()}

    @property
    def mask_folders(self) -> bool:
        """Whether the masks of one image have a folder of their own."""
        return self.masks is not None and self.masks.endswith(IMAGE)


def by_category(*kinds: Places, wanted: str) -> Layout:
    """Return the layout with one folder per category below the root, each in the first of `kinds` that fits it."""

    def names(root: Path) -> tuple[str, ...]:
        return tuple(plain(path.name) for path in folders(root) if any(places.has(path) for places in kinds))

    def load(root: Path, name: str) -> Category:
        folder = within(root, name)
        return read_places(folder, name, next(places for places in kinds if places.has(folder)))

    return Layout(wanted, names, load, within)


def single(places: Places, name: str, wanted: str) -> Layout:
    """Return the layout whose root is the only category itself, called `name`."""
    return Layout(
        wanted,
        lambda root: (name,) if places.has(root) else (),
        lambda root, _: read_places(root, name, places),
        lambda root, _: root,
    )


def read_places(folder: Path, name: str, places: Places) -> Category:
    """Return the sample table of a category, samples sorted by place, folder and file name.

    Raises:
        DataError: where a split has no image, or images and masks do not fit each other by their names.
    """
    files = placed(folder, places.patterns, "" if places.mask_folders else places.suffix)
    by_role = {role: [file for file in files if file.role is role] for role in Role}
    masks, alone = _masks(by_role, name, places)
    train = tuple(_sample(file, GOOD, (), places) for file in by_role[Role.TRAIN])
    require_images(train, "training", folder / places.train, name)
    tested = sorted((*by_role[Role.NORMAL], *by_role[Role.ANOMALOUS]), key=lambda file: (file.place, file.names))
    test = tuple(_sample(file, _defect(file, name), masks.get(file.path, ()), places) for file in tested)
    if places.normal is not None:
        require_images(test, "test", folder / places.anomalous, name)
    left = (Left(file.path, why) for role, why in LEFT.items() for file in by_role[role])
    return Category(name, train, test, (*alone, *left))


def _masks(by_role: Mapping[Role, Sequence[Placed]], name: str, places: Places) -> tuple[Masks, list[Left]]:
    """Return the masks of a category's anomalous images, and the masks that belong to none of them."""
    if places.masks is None:
        return {}, []
    pattern = Pattern(places.masks)
    kinds = {file: _kind(file, name) for file in by_role[Role.ANOMALOUS]}
    wanted = {file.path: "/".join((*pattern.filled(kind), *file.below)) for file, kind in kinds.items()}
    normal = _normal_names(places) - set(kinds.values())
    given = {file.path: file.name for file in by_role[Role.MASK] if file.defect not in normal}
    if places.mask_folders:
        masks = by_folder(wanted, given)
    else:
        _check_named_as_masks([file for role in IMAGES for file in by_role[role]], places)
        masks = by_stem(wanted, given, plain(places.suffix))
    used = {mask for own in masks.values() for mask in own}
    left = [Left(path, Why.ALONE) for path in given if path not in used]
    return masks, left + [Left(file.path, Why.OF_NORMAL) for file in by_role[Role.MASK] if file.defect in normal]


def _check_named_as_masks(images: Iterable[Placed], places: Places) -> None:
    """Raise a `DataError` where an image is named as the mask of another one in its folder."""
    named = {file.name: file.path for file in images}
    for name, path in named.items():
        if places.suffix and (mask := named.get(name + plain(places.suffix))) is not None:
            raise DataError(
                f"{mask}: lies among the images, but is named as the mask of {path.name}; "
                f"expected masks in {places.masks}, or another name"
            )


def _normal_names(places: Places) -> set[str]:
    """Return the names that the folders of normal images would have as kinds of defect."""
    normal = [Pattern(place).parts for place in (places.train, places.normal) if place is not None]
    return {Pattern(places.anomalous).fit(place) or place[-1] for place in normal if place}


def _kind(file: Placed, name: str) -> str:
    """Return the kind of defect of an anomalous image: without `{defect}` in its place, the name of the folder."""
    return file.defect or (name, *file.place)[-1]


def _defect(file: Placed, name: str) -> str:
    """Return the `defect` of a test image in the sample table: `good` only for normal images, whatever folders say."""
    if file.role is Role.NORMAL:
        return GOOD
    kind = _kind(file, name)
    if kind != GOOD:
        return kind
    return DOUBTFUL if file.defect else "/".join((name, *file.place))


def _sample(file: Placed, defect: str, masks: tuple[Path, ...], places: Places) -> Sample:
    return Sample(file.path, defect, masks, places.group(file.path.stem))
