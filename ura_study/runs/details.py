"""What a run leaves beside its record: the scores of its test images, curves, and pictures of some of them.

They lie in `details/<run id>.npz` in the study's folder, apart from the records, since with pictures they are many
times as long, and they are seldom read. A run without them is none the worse: its record has all metrics.

Legend: N test images, P pictures of side T, S side of the feature grid, R reports of the training.
"""

from __future__ import annotations

import io
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from PIL import Image

from ura_study.cache import replace
from ura_study.data.table import GOOD
from ura_study.errors import DataError
from ura_study.metrics.error_by_uncertainty import ErrorByUncertainty
from ura_study.runs import archive

FOLDER = "details"
#: Why a picture was chosen (see `runs.pictures`).
HIGHEST, MEDIAN, LOWEST, FALSE_ALARM, MISS, EXAMPLE = "highest", "median", "lowest", "false alarm", "miss", "example"
#: The maps of a picture, where the detector has them: the smoothed anomaly map and the residual of restoration
#: (standard deviations above what is usual), the mean probability, the total uncertainty (a standard deviation).
MAPS = ("anomaly", "residual", "probability", "uncertainty")
#: How much of details is read; each part holds the one before it.
Part = Literal["scores", "curves", "pictures"]
#: What is left out, by the beginning of its name.
LEFT_OUT: dict[Part, tuple[str, ...]] = {
    "scores": ("curve/", "training/", "doubt/", "picture/"),
    "curves": ("picture/",),
    "pictures": (),
}
#: Stands between the reasons of a picture.
BETWEEN = ", "
#: Quality of the JPEG in which all input pictures of a run stand one below the other.
QUALITY = 90


@dataclass(frozen=True, eq=False)
class Picture:
    """One test image."""

    index: int
    """Where it stands among the test images."""
    reasons: tuple[str, ...]
    """Why it was chosen."""
    input: np.ndarray
    """(T, T, 3) uint8."""
    mask: np.ndarray | None
    """(T, T) bool; None where an anomalous image has none."""
    maps: dict[str, np.ndarray]
    """Those of `MAPS` that the detector gives, float16: the first of any side, the others (S, S)."""


@dataclass(frozen=True, eq=False)
class Details:
    """What a run leaves beside its record."""

    images: tuple[str, ...]
    """N paths of test images, within the data set."""
    defects: tuple[str, ...]
    """N kinds of defects; `good` of normal images."""
    scores: np.ndarray
    """(N,) float32 image scores; larger is more anomalous."""
    curves: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Those of `metrics.curves` that exist, (K,) by name."""
    training: Mapping[str, np.ndarray] = field(default_factory=dict)
    """`step`, `lr` and the terms of the loss, (R,) each; empty of a detector that is not trained by gradient."""
    errors: ErrorByUncertainty | None = None
    """Errors by uncertainty, of the tokens of test images whose masks are known."""
    pictures: Sequence[Picture] = ()

    @cached_property
    def anomalous(self) -> np.ndarray:
        """(N,) bool."""
        return np.array([defect != GOOD for defect in self.defects], dtype=bool)


def keep(folder: Path, run_id: str, content: bytes) -> None:
    """Write the packed details of a run into its study's folder, whole or not at all.

    Raises:
        ResourceError: where the disk is full or the file cannot be written.
    """
    replace(_path(folder, run_id), content)


def adopt(source: Path, folder: Path, run_id: str) -> None:
    """Copy the details of a run from the folder of the study that did it, where there are some."""
    if _path(source, run_id).is_file() and not _path(folder, run_id).exists():
        keep(folder, run_id, _path(source, run_id).read_bytes())


def read(folder: Path, run_id: str, part: Part = "pictures") -> Details | None:
    """Return the details of a run as far as `part`; None if none were kept.

    Pictures are nearly all of the bytes, and curves nearly all of the time that the rest takes.

    Raises:
        DataError: where the file is not what `keep` wrote.
    """
    path = _path(folder, run_id)
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return _unpacked(file, part)
    except (OSError, ValueError, KeyError, zlib.error) as error:
        raise DataError(f"{path}: not the details of a run ({error}); it may be removed") from error


def packed(details: Details) -> bytes:
    """Return details as the content of a NumPy archive."""
    arrays: dict[str, Any] = {
        "images": np.array(details.images, dtype=np.str_),
        "defects": np.array(details.defects, dtype=np.str_),
        "scores": details.scores,
        **{f"curve/{name}": values.astype(np.float32) for name, values in details.curves.items()},
        **{f"training/{name}": values for name, values in details.training.items()},
        **_pictures_packed(details.pictures),
    }
    if details.errors is not None:
        arrays |= {"doubt/total": details.errors.total, "doubt/epistemic": details.errors.epistemic}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def unpacked(content: bytes) -> Details:
    """Return what `packed` made into `content`; JPEG has changed the input pictures a little. Arrays are read-only."""
    return _unpacked(io.BytesIO(content), "pictures")


def _unpacked(file: BinaryIO, part: Part) -> Details:
    arrays = archive.arrays(file, LEFT_OUT[part])
    errors = {name: arrays[f"doubt/{name}"] for name in ("total", "epistemic") if f"doubt/{name}" in arrays}
    return Details(
        images=tuple(map(sys.intern, arrays["images"].tolist())),  # the same in many runs
        defects=tuple(map(sys.intern, arrays["defects"].tolist())),
        scores=arrays["scores"],
        curves=_within(arrays, "curve/"),
        training=_within(arrays, "training/"),
        errors=ErrorByUncertainty(**errors) if errors else None,
        pictures=_pictures_unpacked(arrays),
    )


def _path(folder: Path, run_id: str) -> Path:
    return folder / FOLDER / f"{run_id}.npz"


def _within(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _pictures_packed(pictures: Sequence[Picture]) -> dict[str, np.ndarray]:
    if not pictures:
        return {}
    jpeg = io.BytesIO()
    Image.fromarray(np.concatenate([picture.input for picture in pictures])).save(jpeg, "JPEG", quality=QUALITY)
    blank = np.zeros(pictures[0].input.shape[:2], bool)
    return {
        "picture/index": np.array([picture.index for picture in pictures]),
        "picture/reasons": np.array([BETWEEN.join(picture.reasons) for picture in pictures], dtype=np.str_),
        "picture/inputs": np.frombuffer(jpeg.getvalue(), np.uint8),
        "picture/masked": np.array([picture.mask is not None for picture in pictures]),
        "picture/masks": np.stack([blank if picture.mask is None else picture.mask for picture in pictures]),
        **{f"picture/{name}": np.stack([p.maps[name] for p in pictures]) for name in pictures[0].maps},
    }


def _pictures_unpacked(arrays: Mapping[str, np.ndarray]) -> tuple[Picture, ...]:
    if "picture/index" not in arrays:
        return ()
    of = _within(arrays, "picture/")
    inputs = np.asarray(Image.open(io.BytesIO(of["inputs"].tobytes())))  # (P·T, T, 3)
    return tuple(
        Picture(
            index=int(index),
            reasons=tuple(str(of["reasons"][i]).split(BETWEEN)),
            input=stacked,
            mask=of["masks"][i] if of["masked"][i] else None,
            maps={name: of[name][i] for name in MAPS if name in of},
        )
        for i, (index, stacked) in enumerate(zip(of["index"], np.split(inputs, len(of["index"])), strict=True))
    )
