"""The `training` section of a variant."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from ura_study.settings import LATER, WHICH_IMAGES, WITHOUT_EFFECT, Settings

#: A number and its unit.
Duration = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)? ?(s|min|h)$")]
SECONDS = {"s": 1, "min": 60, "h": 3600}


class RefineSettings(Settings):
    """Training images that look anomalous are removed before the training: for sets that nobody has looked through.

    Detectors of the same kind are fitted on a part of the images and judge the rest (see `training.refine`); so a run
    takes `stages` × `folds` trainings more.
    """

    share: float = Field(0.1, gt=0, le=0.5)
    """Share of the training images that is removed in all."""
    stages: int = Field(1, ge=1, le=10)
    """Number of times that images are judged; each time an equal part is removed."""
    folds: int = Field(3, ge=2, le=10)
    """Number of parts of the training set; each is judged by a detector of all others."""


class TrainingSettings(Settings):
    """How weights are found: AdamW (Loshchilov & Hutter 2019) with a warm-up and a cosine decay of the learning rate.

    Length is given in steps: categories hold from 25 to some 800 images, and what a small network needs is a number of
    updates. Methods that were published with a number of epochs may have that instead. The last weights are the result;
    no checkpoint is chosen.
    """

    steps: int = Field(100, ge=1, le=1_000_000)
    """Number of updates."""
    epochs: int | None = Field(None, ge=1, le=100_000, json_schema_extra=LATER)
    """How often each training image is seen, instead of `steps`: the number of updates then depends on the category's
    images; unset: `steps` count."""
    batch_size: int = Field(4, ge=1, le=1024)
    """Images per update."""
    lr: float = Field(2e-3, gt=0, le=1)
    """Highest learning rate."""
    warmup: float = Field(0.1, ge=0, le=1)
    """Share of the steps over which the learning rate rises linearly from 0."""
    final_lr: float = Field(0.01, ge=0, le=1)
    """Learning rate of the last step as a share of the highest."""
    weight_decay: float = Field(1e-4, ge=0, le=1)
    """AdamW's weight decay."""
    clip: float = Field(10.0, gt=0)
    """Largest norm of the gradient; a longer one is scaled down to it."""
    accumulate: int = Field(1, ge=1, le=1024)
    """Batches whose gradients are averaged for one update, where a large batch does not fit into memory."""
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    """Type of the matrix products in training (autocast); `float16` scales the loss, for GPUs without bfloat16."""
    compile: bool = False
    """Compile the detector's parts with `torch.compile`: a minute at the start, faster steps on a GPU."""
    reports: int = Field(10, ge=1, le=10_000)
    """Number of intervals of the training for which losses are reported."""
    refine: RefineSettings | Literal[False] = Field(False, json_schema_extra=WHICH_IMAGES)
    """Removal of training images that look anomalous; `false`: all are trained on."""
    checkpoint: Duration | Literal[False] = Field("5min", json_schema_extra=WITHOUT_EFFECT)
    """How often a training that goes on is kept, so that a run that is cut off continues from there, with the weights
    that it would have had anyway: a number and `s`, `min` or `h`; `false`: never. Finished runs leave none."""
    checkpoint_to: str | None = Field(None, json_schema_extra=WITHOUT_EFFECT)
    """Folder for that, absolute, or URL of any kind that fsspec knows (`s3://bucket/folder`), so that other machines
    can continue a run; default: `checkpoints` in the cache folder."""

    @field_validator("checkpoint_to")
    @classmethod
    def _absolute(cls, place: str | None) -> str | None:
        if place is not None and "://" not in place and not Path(place).expanduser().is_absolute():
            raise ValueError(f"expected an absolute folder or a URL, since workers run elsewhere, but got '{place}'")
        return place

    def for_images(self, count: int) -> TrainingSettings:
        """Return the settings with the steps that `epochs`, if given, are with so many training images.

        The last batch may repeat some of them.

        Example:
            >>> TrainingSettings(epochs=3, batch_size=4).for_images(10).steps  # 30 images in batches of 4
            8
        """
        if self.epochs is None:
            return self
        return self.model_copy(update={"steps": math.ceil(self.epochs * count / (self.batch_size * self.accumulate))})

    @property
    def checkpoint_seconds(self) -> float | None:
        """Seconds between two checkpoints; None: there are none."""
        if self.checkpoint is False:
            return None
        number = self.checkpoint.rstrip("minsh ")
        return float(number) * SECONDS[self.checkpoint.removeprefix(number).strip()]
