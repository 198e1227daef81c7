"""The `data` section of a study file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ura_study.settings import List, Settings


class DataSettings(Settings):
    """Which images, and the size at which they are seen and judged."""

    layout: Literal["textures", "mvtec_ad"] = "textures"
    """How the folders are laid out: `textures` is the built-in set, `mvtec_ad` the layout of MVTec AD."""
    root: str | None = None
    """The data set's folder, with one folder per category; environment variables as `${NAME}`."""
    categories: Literal["all"] | List[str] = "all"
    """The categories of the study, in the order of the tables; `all` takes every one found, sorted
    (those of MVTec AD itself in the order of papers: textures, then objects)."""
    image_size: int = Field(256, ge=32, le=2048, multiple_of=32)
    """Side in pixels to which images are resized, and at which anomaly maps are judged."""
    validation: float = Field(0.0, ge=0, le=0.5)
    """Share of each category's training images that is held out for the `val_*` metrics (at least 8; 0: none).

    Half of them stay normal, half get a synthetic defect; they are the same for every variant and seed.
    """

    @model_validator(mode="after")
    def _root_where_needed(self) -> DataSettings:
        if (self.root is None) == (self.layout != "textures"):
            has = "needs a root" if self.root is None else "is built in and takes no root"
            raise ValueError(f"layout '{self.layout}' {has}")
        if self.categories != "all" and len(set(self.categories)) < max(len(self.categories), 1):
            raise ValueError("categories must be 'all' or distinct names, at least one")
        return self
