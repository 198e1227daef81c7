"""What each file in a category's folder is: an image to train on or to test, a mask, or none of these.

Every file has one role: that of the deepest place it is in. If masks and images share a folder, the suffix
distinguishes them: a file with the suffix is a mask and never an image. A folder that holds other places, such as
`ground_truth` beside `{defect}`, is no kind of defect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from ura_study.data.files import BESIDE, Parts, images_anywhere, is_image, parts, plain, tree
from ura_study.data.layouts.pattern import DEFECT, Pattern


class Role(Enum):
    """The role of a file; if two places of images fit equally well, the role defined first counts."""

    TRAIN = auto()
    NORMAL = auto()
    UNUSED = auto()
    """In a folder of the layout that is not used."""
    ANOMALOUS = auto()
    MASK = auto()
    ELSEWHERE = auto()
    """An image in no place."""
    OTHER = auto()
    """In a place, but without the ending of an image."""


Patterns = Mapping[Role, tuple[Pattern, ...]]


@dataclass(frozen=True)
class Placed:
    """A file and its role."""

    path: Path
    role: Role
    names: Parts
    """The names that lead to it from the category's folder, as they are compared."""
    depth: int = 0
    """How many of these names, from the first, form its place."""
    defect: str = ""
    """What `{defect}` stands for in its place."""

    @property
    def place(self) -> Parts:
        return self.names[: self.depth]

    @property
    def name(self) -> str:
        """Its folder and file name, without the ending."""
        return "/".join((*self.names[:-1], plain(self.path.stem)))

    @property
    def below(self) -> Parts:
        """The names that lead to it from its place, the last without the ending."""
        return (*self.names[self.depth : -1], plain(self.path.stem))


def placed(folder: Path, patterns: Patterns, suffix: str) -> list[Placed]:
    """Return the files in a category's folder with their roles, sorted by place, folder and name.

    Images outside all places are included; other files outside, and files with the endings `BESIDE`, are not.

    Raises:
        DataError: where a folder that may hold a place cannot be read.
    """
    used = [pattern for role, own in patterns.items() if role is not Role.UNUSED for pattern in own]
    files, others = tree(folder, lambda path: any(pattern.meets(parts(path, folder)) for pattern in used))
    for other in others:
        if not (other.is_symlink() or any(p.fit(parts(other, folder)) is not None for p in patterns[Role.UNUSED])):
            files += images_anywhere(other)
    found = (_placed(path, parts(path, folder), patterns, plain(suffix)) for path in files)
    return sorted((file for file in found if file is not None), key=lambda file: (file.place, file.names))


def _placed(path: Path, names: Parts, patterns: Patterns, suffix: str) -> Placed | None:
    fits = sorted(_fits(names[:-1], patterns), key=lambda fit: -len(fit[1].parts))
    masks = [fit for fit in fits if fit[0] is Role.MASK]
    images = [fit for fit in fits if fit[0] is not Role.MASK]
    if masks and images:
        fits = masks if _is_mask(plain(path.stem), masks[0][1], images[0][1], suffix) else images
    if not fits:
        return Placed(path, Role.ELSEWHERE, names) if is_image(path) else None
    role, pattern, defect = fits[0]
    if is_image(path) or role is Role.UNUSED:
        return Placed(path, role, names, len(pattern.parts), defect)
    return None if path.suffix.lower() in BESIDE else Placed(path, Role.OTHER, names)


def _fits(folder: Parts, patterns: Patterns) -> Iterator[tuple[Role, Pattern, str]]:
    """Yield the places that a folder lies in, and what `{defect}` stands for."""
    for role, own in patterns.items():
        for pattern in own:
            name = pattern.fit(folder)
            if name is not None and not (role is Role.ANOMALOUS and _holds_others(folder, pattern, patterns)):
                yield role, pattern, name


def _holds_others(folder: Parts, anomalous: Pattern, patterns: Patterns) -> bool:
    """Tell whether the folder that would be a kind of defect is, or holds, another place."""
    depth = next((place for place, part in enumerate(anomalous.parts, start=1) if DEFECT in part), None)
    others = (other for role, own in patterns.items() if role is not Role.ANOMALOUS for other in own)
    return depth is not None and any(other.parts[:depth] == folder[:depth] for other in others)


def _is_mask(stem: str, mask: Pattern, image: Pattern, suffix: str) -> bool:
    """Tell whether a file that is both in a place of masks and in one of images is a mask."""
    if len(mask.parts) != len(image.parts):
        return len(mask.parts) > len(image.parts)
    return mask.literal > image.literal or (stem.endswith(suffix) and stem != suffix and suffix != "")
