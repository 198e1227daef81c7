"""The layouts by name, and the options of the built-in ones."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ura_study.registry import Registry
from ura_study.settings import Settings

if TYPE_CHECKING:
    from ura_study.data.checks.facts import Facts
    from ura_study.data.layouts.base import Layout

F = TypeVar("F", bound="Callable[..., Layout]")

#: Built-in layouts that need no root: where their images are is known.
ROOTLESS = ("textures", "elpv")


@dataclass(frozen=True)
class LayoutKind:
    """A layout that is registered."""

    make: Callable[[Any], Layout]
    """Returns the layout with its options; they are None where it has none."""
    settings: type[Settings] | None = None
    """What its options may be."""
    home: Callable[[], Path] | None = None
    """Returns the root of a study that names none."""
    facts: Facts | None = None
    """What `ura-study data list` says of the set."""

    @property
    def rootless(self) -> bool:
        return self.home is not None


_ROOM = "ura_study.data.layouts"
LAYOUTS: Registry[LayoutKind] = Registry(
    "layout",
    "ura_study.layouts",
    {
        "textures": "ura_study.data.textures.layout",
        "mvtec_ad": f"{_ROOM}.mvtec_ad",
        "btad": f"{_ROOM}.btad",
        "oct2017": f"{_ROOM}.oct2017",
        "visa": f"{_ROOM}.visa",
        "mpdd": f"{_ROOM}.mpdd",
        "mvtec_loco": f"{_ROOM}.mvtec_loco",
        "magnetic_tile": f"{_ROOM}.magnetic_tile",
        "elpv": f"{_ROOM}.elpv",
        "folder": f"{_ROOM}.folder",
    },
)


def register_layout(
    name: str,
    layout: Layout | None = None,
    *,
    settings: type[Settings] | None = None,
    home: Callable[[], Path] | None = None,
    facts: Facts | None = None,
) -> Callable[[F], F]:
    """Register a layout under a name: itself, or as a decorator the function that makes it of its options.

        register_layout("screws", by_category(Places("ok/train", "ok/test", "bad/{defect}"), wanted="ok/train inside"))

        @register_layout("boxes", settings=BoxSettings)
        def boxes(options: BoxSettings | None) -> Layout: ...

    Args:
        name: that of `data.layout`.
        layout: one without options.
        settings: what `data.options` may be.
        home: returns where the images are of a study that names no root.
        facts: what `ura-study data list` and `data check` say of the set.

    Raises:
        ConfigError: where the name is taken.
    """
    module = sys._getframe(1).f_globals["__name__"]

    def register(make: F) -> F:
        LAYOUTS.add(name, LayoutKind(make, settings, home, facts), module)
        return make

    if layout is not None:
        LAYOUTS.add(name, LayoutKind(lambda options: layout, settings, home, facts), module)
    return register


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
        allowed = {"anomalous": ("{defect}",), "masks": ("{defect}", "/{image}")}.get(info.field_name or "", ())
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
