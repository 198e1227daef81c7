"""The `data` section of a study file."""

from __future__ import annotations

import unicodedata
from itertools import combinations
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ura_study.data.preprocessing import DEEPEST, Preprocessing
from ura_study.settings import List, Settings

#: Layouts that are read from a folder the study names.
FOLDERS = ("mvtec_ad", "btad", "oct2017", "visa", "mpdd", "mvtec_loco", "magnetic_tile", "elpv", "folder")
#: Layouts that come without a root: built in, or from an installed package.
ROOTLESS = ("textures", "elpv")

#: Keys that say which images a run trains and tests on.
PROTOCOL = ("shots", "contamination", "unified")


class FolderSettings(Settings):
    """Where images and masks lie in the layout `folder`, relative to a category's own folder.

    `{defect}` stands for any name, or a part of one, which becomes the kind of defect. A file that lies in two places
    belongs to the deeper one, and where masks lie among images, what has the suffix is a mask and never an image.
    """

    train: str = "train/good"
    """The folder of normal training images; those in folders inside it are among them."""
    normal: str | Literal[False] = "test/good"
    """The folder of normal test images; false: `test_share` of the training images instead."""
    anomalous: str = "test/{defect}"
    """The folder, or folders, of anomalous test images."""
    masks: str | Literal[False] = "ground_truth/{defect}"
    """The folder, or folders, of masks; false: there are none. `/{image}` at its end: a folder of masks per image. The
    same as `anomalous`: masks lie beside their images, and what ends in `mask_suffix` is one, normal images' too."""
    mask_suffix: str = "_mask"
    """What the name of a mask has more than that of its image, before the ending."""
    test_share: float = Field(0.2, gt=0, lt=1)
    """Share of the training images that is tested on instead, where `normal` is false."""

    @field_validator("train", "normal", "anomalous", "masks")
    @classmethod
    def _placeholders(cls, place: str | Literal[False], info: ValidationInfo) -> str | Literal[False]:
        allowed = {"anomalous": ("{defect}",), "masks": ("{defect}", "/{image}")}.get(info.field_name, ())
        left = place or ""
        if "/{image}" in allowed:
            left = left.removesuffix("/{image}")
        if "{defect}" in allowed:
            left = left.replace("{defect}", "", 1)
        if "{" in left or "}" in left or left.startswith("/") or ".." in PurePosixPath(left).parts:
            names = f"with {' and '.join(allowed)} as the only placeholders" if allowed else "without placeholders"
            raise ValueError(f"expected a folder inside a category's own, {names}, but got '{place}'")
        return place

    @model_validator(mode="after")
    def _apart(self) -> FolderSettings:
        """Refuse one folder for two things."""
        named = {"train": self.train, "normal": self.normal, "anomalous": self.anomalous}
        places = {name: PurePosixPath(place) for name, place in named.items() if place is not False}
        for one, other in combinations(places, 2):
            if places[one] == places[other]:
                raise ValueError(f"{other}: expected another folder than that of {one}, but got '{named[other]}'")
        if self.masks and not self.mask_suffix and PurePosixPath(self.masks) in places.values():
            raise ValueError(f"mask_suffix: expected what tells masks from the images that also lie in '{self.masks}'")
        return self


class MagneticTileSettings(Settings):
    """How the layout `magnetic_tile`, which has no split of its own, is divided."""

    split: Literal["tile", "random"] = "tile"
    """`tile` keeps the photographs of one tile together; `random` is what many papers do, and leaks."""
    test_share: float = Field(0.2, gt=0, lt=1)
    """Share of the normal images that is tested on."""


class ElpvSettings(Settings):
    """Which solar cells of the layout `elpv` are tested on."""

    uncertain: bool = False
    """Whether cells whose defect the experts were not sure of (probability 1/3 or 2/3) are tested on, as anomalous."""


class DataSettings(Settings):
    """Which images, and the size at which they are seen and judged."""

    layout: Literal[("textures", *FOLDERS)] = "textures"
    """How the folders are laid out (`ura-study data list`); `textures` is the built-in set."""
    root: str | None = None
    """The data set's folder as downloaded and unpacked; environment variables as `${NAME}`."""
    categories: Literal["all"] | List[str] = "all"
    """The categories of the study, in the order of the tables; `all` takes every one found, sorted
    (those of MVTec AD itself in the order of papers: textures, then objects)."""
    image_size: int = Field(256, ge=32, le=2048, multiple_of=32)
    """Side in pixels of the square that the network sees, and at which anomaly maps are judged."""
    resize: Literal["square", "crop"] = "square"
    """`square` stretches the whole image; `crop` keeps its proportions and takes the middle: nothing beside is seen.

    With `crop`, masks are cut too, so the part of a defect that lies outside is not judged.
    """
    shorter_side: int | None = Field(None, ge=32, le=2048)
    """Length of the shorter side before the crop, unset: `image_size`. (PatchCore crops 224 from 256 pixels.)"""
    depth: Annotated[int, Field(ge=1, le=DEEPEST)] | Literal["type", "file"] = "type"
    """How grey values of more than eight bits become eight: as shares of their type's range (65,535), of so many bits
    (a camera of 12 bits: 12), or of each image's own, `file`, which takes differences of brightness away."""
    max_pixels: int = Field(178_956_970, ge=1)
    """Images of more pixels are refused before they are decoded: a damaged header may ask for any amount of memory."""
    eval_size: int | Literal["original"] | None = None
    """Side at which maps and masks are compared, if not `image_size`; `original`: the images' own size.

    Image scores do not depend on it, and `val_*` metrics are judged at `image_size` always. `original` needs test
    images of one size in each category, and much memory: about 15 bytes per pixel of the test set.
    """
    validation: float = Field(0.0, ge=0, le=0.5)
    """Share of each category's training images that is held out for the `val_*` metrics (at least 8; 0: none).

    Half of them stay normal, half get a synthetic defect; they are the same for every variant and seed. Images of one
    group (patient, tile), where the layout knows it, stay together.
    """
    shots: int | None = Field(None, ge=1)
    """Train on so many of each category's training images, drawn by the seed (k-shot); unset: on all."""
    contamination: float = Field(0.0, ge=0, lt=1)
    """Share of each category's anomalous test images that is trained on as normal instead, drawn by the seed."""
    unified: bool = False
    """One model for all categories, evaluated on each; otherwise each category has a model of its own."""
    folder: FolderSettings | None = None
    """Options of the layout `folder`."""
    magnetic_tile: MagneticTileSettings | None = None
    """Options of the layout `magnetic_tile`."""
    elpv: ElpvSettings | None = None
    """Options of the layout `elpv`."""

    @model_validator(mode="after")
    def _root_where_needed(self) -> DataSettings:
        if self.root is None and self.layout not in ROOTLESS:
            raise ValueError(f"layout '{self.layout}' needs a root")
        if self.root is not None and self.layout == "textures":
            raise ValueError("layout 'textures' is built in and takes no root")
        if self.categories != "all" and len(set(self.categories)) < max(len(self.categories), 1):
            raise ValueError("categories must be 'all' or distinct names, at least one")
        return self

    @field_validator("categories")
    @classmethod
    def _as_compared(cls, names: str | tuple[str, ...]) -> str | tuple[str, ...]:
        return names if isinstance(names, str) else tuple(unicodedata.normalize("NFC", name) for name in names)

    @field_validator("eval_size")
    @classmethod
    def _sensible(cls, size: int | str | None) -> int | str | None:
        if isinstance(size, int) and not 32 <= size <= 2048:
            raise ValueError(f"expected a number from 32 to 2048, or 'original', but got {size}")
        return size

    @model_validator(mode="after")
    def _prepared(self) -> DataSettings:
        if self.resize == "square" and self.shorter_side is not None:
            raise ValueError("shorter_side needs resize: crop")
        if self.shorter_side is not None and self.shorter_side < self.image_size:
            raise ValueError(f"shorter_side must be at least image_size {self.image_size}, but got {self.shorter_side}")
        if self.resize == "crop" and self.eval_size == "original":
            raise ValueError("eval_size: original needs resize: square, since a crop does not see the whole image")
        return self

    @model_validator(mode="after")
    def _protocol(self) -> DataSettings:
        for pair in (("shots", "contamination"), *((name, "validation") for name in PROTOCOL)):
            if all(getattr(self, name) for name in pair):
                raise ValueError(f"{' and '.join(pair)} cannot be combined")
        return self

    @property
    def crop_from(self) -> int | None:
        """Length of the shorter side before the crop; None where images are stretched."""
        return None if self.resize == "square" else self.shorter_side or self.image_size

    @property
    def preprocessing(self) -> Preprocessing:
        """How images are made ready for the network."""
        return Preprocessing(self.image_size, self.crop_from, self.depth)

    def identity(self) -> dict[str, Any]:
        """Return what changes the numbers of a run beside its images; newer keys only where they are in use."""
        judged = {} if self.eval_size in (None, self.image_size) else {"eval_size": self.eval_size}
        drawn = {name: getattr(self, name) for name in PROTOCOL if getattr(self, name)}
        return self.preprocessing.identity() | {"validation": self.validation} | judged | drawn

    @model_validator(mode="after")
    def _own_options(self) -> DataSettings:
        for name in ("folder", "magnetic_tile", "elpv"):
            if getattr(self, name) is not None and self.layout != name:
                raise ValueError(f"'{name}' holds options of the layout '{name}', but the layout is '{self.layout}'")
        return self
