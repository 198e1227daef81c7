"""VisA (Zou et al., ECCV 2022): twelve objects, one-class split.

As downloaded, the split stands in a table, columns `object,split,label,image,mask`, paths relative to the root:

<root>/split_csv/1cls.csv
<root>/<object>/Data/Images/{Normal,Anomaly}/*.JPG
<root>/<object>/Data/Masks/Anomaly/*.png           values above 0 are defects

A root without that table is read in the layout of MVTec AD, which is what the authors' `prepare_data.py` writes
(`1cls/<object>/{train/good,test/good,test/bad,ground_truth/bad}`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ura_study.data.files import images, within
from ura_study.data.layouts.base import Layout, require_images
from ura_study.data.layouts.config import register_layout
from ura_study.data.layouts.mvtec_ad import FIRST
from ura_study.data.layouts.places import by_category
from ura_study.data.table import GOOD, Category, Left, Sample, Why
from ura_study.errors import DataError

TABLE = "split_csv/1cls.csv"
COLUMNS = ["object", "split", "label", "image", "mask"]
PREPARED = by_category(FIRST, wanted=f"{TABLE}, or one folder per object with train/good inside")


def names(root: Path) -> tuple[str, ...]:
    """Return the objects of the table, sorted; without a table, the folders in the layout of MVTec AD."""
    if not (root / TABLE).is_file():
        return PREPARED.names(root)
    return tuple(sorted({row["object"] for row in _rows(root)}))


def load(root: Path, name: str) -> Category:
    """Return the sample table of one object, in the order of the split table."""
    if not (root / TABLE).is_file():
        return PREPARED.load(root, name)
    rows = [row for row in _rows(root) if row["object"] == name]
    train, test = (tuple(_sample(root, row) for row in rows if row["split"] == split) for split in ("train", "test"))
    require_images(train, "training", root / TABLE, name)
    require_images(test, "test", root / TABLE, name)
    return Category(name, train, test, tuple(_left(root, (*train, *test))))


def _rows(root: Path) -> tuple[dict[str, str], ...]:
    status = (root / TABLE).stat()
    return _read(root / TABLE, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, mtime_ns: int) -> tuple[dict[str, str], ...]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    if reader.fieldnames != COLUMNS:
        raise DataError(
            f"{path}: expected the columns {','.join(COLUMNS)}, but got {','.join(reader.fieldnames or ())}"
        )
    for line, row in rows:
        _check(path, line, row)
    return tuple(row for _, row in rows)


def _check(path: Path, line: int, row: dict[Any, Any]) -> None:
    if None in row or None in row.values():  # where a row is too long, and where it is too short
        got = sum(value is not None for name, value in row.items() if name is not None) + len(row.get(None, ()))
        raise DataError(f"{path}, line {line}: expected {len(COLUMNS)} values ({','.join(COLUMNS)}), but got {got}")
    for column, allowed in (("split", ("train", "test")), ("label", ("normal", "anomaly"))):
        if row[column] not in allowed:
            raise DataError(f"{path}, line {line}: expected {column} to be {' or '.join(allowed)}, got '{row[column]}'")
    if (row["split"], row["label"]) == ("train", "anomaly"):
        raise DataError(f"{path}, line {line}: expected the one-class split, but an anomaly is in training")


def _left(root: Path, samples: Sequence[Sample]) -> Iterator[Left]:
    """Yield the files beside the images and masks of the table that the table does not list."""
    listed = {within(root, row[column]) for row in _rows(root) for column in ("image", "mask")}
    for used, why in (({s.path for s in samples}, Why.UNLISTED), ({m for s in samples for m in s.masks}, Why.ALONE)):
        for folder in sorted({path.parent for path in used}):
            yield from (Left(path, why) for path in images(folder) if path not in listed)


def _sample(root: Path, row: dict[str, str]) -> Sample:
    image = within(root, row["image"])
    if not image.is_file():
        raise DataError(f"{image}: named in {root / TABLE}, but there is no such file")
    if row["label"] == "normal":
        return Sample(image, GOOD)
    return Sample(image, "anomaly", (within(root, row["mask"]),) if row["mask"] else ())


LAYOUT = Layout(PREPARED.wanted, names, load)
register_layout("visa", LAYOUT)
