"""The `training` section of a variant."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.settings import Settings


class TrainingSettings(Settings):
    """How weights are found: AdamW (Loshchilov & Hutter 2019) with a warm-up and a cosine decay of the learning rate.

    Length is given in steps, not in epochs: categories hold from 25 to some 800 images, and what a small network needs
    is a number of updates. The last weights are the result; no checkpoint is chosen.
    """

    steps: int = Field(100, ge=1, le=1_000_000)
    """Number of updates."""
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
