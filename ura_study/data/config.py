"""The `data` section of a study file."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from ura_study.data.corruption_config import CorruptionSettings
from ura_study.data.layouts.config import LAYOUTS, ROOTLESS, ElpvSettings, FolderSettings, MagneticTileSettings
from ura_study.data.preprocessing import DEEPEST, Corrupting, Preprocessing
from ura_study.errors import nearest
from ura_study.settings import List, Settings
from ura_study.study.config_errors import explain


class SourceSettings(Settings):
    """A set of images, and which of its categories are used."""

    layout: str = "textures"
    """How the folders are laid out (`ura-study data list`); `textures` is the built-in set."""
    root: str | None = None
    """The data set's folder as downloaded and unpacked; environment variables as `${NAME}`."""
    categories: Literal["all"] | List[str] = "all"
    """The categories of the study, in the order of the tables; `all` takes every one found, sorted
    (those of MVTec AD itself in the order of papers: textures, then objects)."""
    folder: FolderSettings | None = None
    """Options of the layout `folder`."""
    magnetic_tile: MagneticTileSettings | None = None
    """Options of the layout `magnetic_tile`."""
    elpv: ElpvSettings | None = None
    """Options of the layout `elpv`."""
    options: dict[str, Any] | None = None
    """Options of a plug-in's layout."""

    @field_validator("layout")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in (names := LAYOUTS.names()):
            *first, last = (f"'{known}'" for known in names)
            raise ValueError(f"expected {', '.join(first)} or {last}, but got '{name}'{nearest(name, names)}")
        return name

    @model_validator(mode="after")
    def _root_where_needed(self) -> Self:
        if self.root is None and self.layout not in ROOTLESS and not LAYOUTS.get(self.layout).rootless:
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

    @model_validator(mode="after")
    def _own_options(self) -> Self:
        for name in ("folder", "magnetic_tile", "elpv"):
            if getattr(self, name) is not None and self.layout != name:
                raise ValueError(f"'{name}' holds options of the layout '{name}', but the layout is '{self.layout}'")
        return self

    @model_validator(mode="after")
    def _plugged_options(self) -> Self:
        """Check the options of a plug-in's layout by its own settings."""
        if self.options is None:
            return self
        kind = LAYOUTS.get(self.layout)
        if self.layout in LAYOUTS.built_in or kind.settings is None:
            raise ValueError(f"'options' are those of a plug-in's layout, and '{self.layout}' has none of them")
        try:
            kind.settings.model_validate(self.options)
        except ValidationError as error:
            raise ValueError(f"options.{explain(error, kind.settings, self.options)}") from error
        return self


class DataAxes(Settings):
    """What may differ between variants: how images are seen and judged, and which are trained and tested on."""

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
    eval_size: int | Literal["original"] | None = None
    """Side at which maps and masks are compared, if not `image_size`; `original`: the images' own size.

    Image scores do not depend on it, and `val_*` metrics are judged at `image_size` always. `original` needs test
    images of one size in each category, and much memory: about 15 bytes per pixel of the test set.
    """
    shots: int | None = Field(None, ge=1)
    """Train on so many of each category's training images, drawn by the seed (k-shot); unset: on all."""
    contamination: float = Field(0.0, ge=0, lt=1)
    """Share of each category's anomalous test images that is trained on as normal instead, drawn by the seed."""
    unified: bool = False
    """One model for all categories, evaluated on each; otherwise each category has a model of its own."""
    corruption: CorruptionSettings = CorruptionSettings()
    """How test images are corrupted before they are scored."""

    @field_validator("eval_size")
    @classmethod
    def _sensible(cls, size: int | str | None) -> int | str | None:
        if isinstance(size, int) and not 32 <= size <= 2048:
            raise ValueError(f"expected a number from 32 to 2048, or 'original', but got {size}")
        return size

    @model_validator(mode="after")
    def _prepared(self) -> Self:
        if self.resize == "square" and self.shorter_side is not None:
            raise ValueError("shorter_side needs resize: crop")
        if self.shorter_side is not None and self.shorter_side < self.image_size:
            raise ValueError(f"shorter_side must be at least image_size {self.image_size}, but got {self.shorter_side}")
        if self.resize == "crop" and self.eval_size == "original":
            raise ValueError("eval_size: original needs resize: square, since a crop does not see the whole image")
        return self

    @model_validator(mode="after")
    def _drawn(self) -> Self:
        if self.shots and self.contamination:
            raise ValueError("shots and contamination cannot be combined")
        return self

    @property
    def crop_from(self) -> int | None:
        """Length of the shorter side before the crop; None where images are stretched."""
        return None if self.resize == "square" else self.shorter_side or self.image_size

    @property
    def preprocessing(self) -> Preprocessing:
        """How images are made ready for the network."""
        return Preprocessing(self.image_size, self.crop_from, self.depth)

    @property
    def test_preprocessing(self) -> Preprocessing:
        """How test images are: with the corruption, if there is one."""
        if not self.corruption.corrupts:
            return self.preprocessing
        return Corrupting(self.image_size, self.crop_from, self.depth, self.corruption)


class DataSettings(DataAxes, SourceSettings):
    """Which images, and the size at which they are seen and judged."""

    validation: float = Field(0.0, ge=0, le=0.5)
    """Share of each category's training images that is held out for the `val_*` metrics (at least 8; 0: none).

    Half of them stay normal, half get a synthetic defect; they are the same for every variant and seed. Images of one
    group (patient, tile), where the layout knows it, stay together. With `contamination`, images that are moved into
    training may be among them, and count as normal.
    """
    max_pixels: int = Field(178_956_970, ge=1)
    """Images of more pixels are refused before they are decoded: a damaged header may ask for any amount of memory."""
    test: SourceSettings | None = None
    """Another set, or other categories of this one, to test on instead; unset: the categories' own test images.

    Its layout and root are those of `data` unless given. `categories: all`: each training category is tested on the one
    of the same name; a list: on each of these.
    """

    @model_validator(mode="before")
    @classmethod
    def _same_set(cls, raw: Any) -> Any:
        """Let `test` be in the set that is trained on, unless it names another."""
        if not isinstance(raw, dict) or not isinstance(test := raw.get("test"), dict) or "layout" in test:
            return raw
        same = [name for name in SourceSettings.model_fields if name in raw and name != "categories"]
        return raw | {"test": {name: raw[name] for name in same} | test}

    @model_validator(mode="after")
    def _across(self) -> Self:
        self.check_across()
        return self

    def check_across(self) -> None:
        """Raise a ValueError where what is trained on cannot be tested on another set."""
        for name in ("contamination", "unified"):
            if self.test is not None and getattr(self, name):
                raise ValueError(f"{name} and test cannot be combined")

    def identity(self) -> dict[str, Any]:
        """Return what changes the numbers of a run beside its images; newer keys only where they are in use.

        (Which images are tested on follows from a run's category and fingerprint.)
        """
        judged = {} if self.eval_size in (None, self.image_size) else {"eval_size": self.eval_size}
        drawn = {name: getattr(self, name) for name in ("shots", "contamination", "unified") if getattr(self, name)}
        return self.test_preprocessing.identity() | {"validation": self.validation} | judged | drawn
