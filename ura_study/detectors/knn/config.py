"""The `model` section of a variant with `name: knn`: the memory-bank baseline."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.settings import Settings, inference_field


class KNNSettings(Settings):
    """PatchCore (Roth et al., CVPR 2022): distance to the nearest of a coreset of normal tokens. Nothing is trained."""

    name: Literal["knn"]
    """Which detector this is."""
    memory: int = Field(4096, ge=1, le=1_000_000)
    """Number of normal tokens kept, at most: a fixed budget, where PatchCore keeps a share of all tokens."""
    coreset: Literal["greedy", "random"] = "greedy"
    """How they are chosen: `greedy` takes the token farthest from those taken so far, `random` draws them evenly."""
    projection: int = Field(64, ge=1, le=4096)
    """Dimensions of the random projection in which the greedy choice measures distances."""
    reweighting: int = inference_field(9, ge=0, le=1000)
    """Neighbours in the memory that re-weight the image's largest distance to its score (the paper's b); 0: the score
    is taken from the smoothed map instead, as the `scoring` section says."""
