"""The class of layouts, which find the categories below a root folder and their sample tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from ura_study.data.files import IMAGES, folders, images_anywhere
from ura_study.data.table import Category
from ura_study.errors import DataError, nearest

#: Endings of what is downloaded and must be unpacked.
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".xz", ".txz", ".bz2", ".7z", ".rar")
#: Levels above and below a wrong root where the right one is looked for, and folders looked at on the way down.
LEVELS, LOOKED_AT = 2, 500


@dataclass(frozen=True)
class Layout:
    """One way in which data sets are laid out in folders."""

    wanted: str
    """Content of its root, as it completes the message "expected a folder with …"."""
    names: Callable[[Path], tuple[str, ...]]
    """The categories below a folder, sorted; none where the folder is not a root of this layout."""
    load: Callable[[Path, str], Category]
    """The sample table of one of those categories, samples in an order that does not depend on the file system."""
    folder: Callable[[Path, str], Path] | None = None
    """The folder of a category; None if a table lists the files, so that unlisted ones may be anywhere."""

    def categories(self, root: Path) -> tuple[str, ...]:
        """Return the names of the categories below `root`, sorted.

        Raises:
            DataError: where `root` is missing, is no folder, or holds no category; the message names the right one.
        """
        _check_folder(root, self.wanted)
        if found := self.names(root):
            if twice := [name for name, other in pairwise(found) if name == other]:
                raise DataError(f"{root}: two folders are called '{twice[0]}', in different Unicode forms; rename one")
            return found
        for level, above in enumerate(root.absolute().parents[:LEVELS]):
            if known := self.names(above):
                what = "this is one category" if level == 0 and root.name in known else "holds no category"
                raise DataError(f"{root}: {what}; expected the folder above it ({above})")
        if below := next((path for path in _below(root, LEVELS) if self.names(path)), None):
            raise DataError(f"{root}: holds no category; expected a folder in it ({below})")
        raise DataError(f"{root}: holds no category; expected a folder with {self.wanted}")

    def read(self, root: Path, name: str) -> Category:
        """Return the sample table of category `name`.

        Raises:
            DataError: where the category is missing, one of its splits has no image, or a file is used twice.
        """
        known = self.categories(root)
        if name not in known and (root / name).is_dir():
            raise DataError(f"{root / name}: expected a category, but this folder is not as the layout has it")
        if name not in known:
            found = ", ".join(known)
            raise DataError(f"data.categories: no category '{name}' in {root}{nearest(name, known)} (found: {found})")
        category = self.load(root, name)
        _check_used_once(category)
        return category

    def outside(self, root: Path) -> list[Path]:
        """Return the images in the root that are in no category's folder; none where a table names the files."""
        if self.folder is None:
            return []
        return images_anywhere(root, skip={self.folder(root, name) for name in self.names(root)})


def require_images(samples: Iterable, split: str, place: Path, name: str) -> None:
    """Raise a `DataError` where a split of category `name`, looked for in `place`, has no image."""
    if not samples:
        raise DataError(f"{place}: no {split} image ({', '.join(IMAGES)}) of category '{name}'")


def _check_used_once(category: Category) -> None:
    """Raise a `DataError` where a file is two images, two masks, or an image and a mask."""
    seen: dict[Path, str] = {}
    for sample in (*category.train, *category.test):
        for path, what in ((sample.path, "an image"), *((mask, f"the mask of {sample.path}") for mask in sample.masks)):
            if path in seen:
                raise DataError(f"{path}: expected one use of a file, but it is {seen[path]} and {what}")
            seen[path] = what


def _check_folder(root: Path, wanted: str) -> None:
    if root.is_dir():
        return
    if root.is_file() and root.suffix.lower() in ARCHIVES:
        raise DataError(f"{root}: this is an archive; unpack it and give the folder with {wanted}")
    if root.is_symlink() and not root.exists():
        raise DataError(f"{root}: this symbolic link leads nowhere or in a circle; expected a folder with {wanted}")
    what = "got a file" if root.exists() else "there is no such folder"
    raise DataError(f"{root}: expected a folder with {wanted}, but {what}")


def _below(root: Path, levels: int) -> Iterator[Path]:
    """Yield the folders below `root`, level by level, no more than `LOOKED_AT` of each level."""
    level = [root]
    for _ in range(levels):
        level = list(islice((inner for folder in level for inner in folders(folder)), LOOKED_AT))
        yield from level
