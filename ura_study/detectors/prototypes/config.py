"""The `model` section of a variant with `name: prototypes`: prototypes learned by optimal transport."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import List, inference_field


class PrototypesSettings(DetectorSettings):
    """PRADOT (Trombetta & Lartizien 2025): prototypes learned by optimal transport, with a feature cost and a spatial
    cost; the cost to the closest one is the score. Nothing is trained by gradient.

    It sees each level of `features.layers` at its own resolution, so `neighbourhood` and `pooling` play no part, and
    `map_size` is only the grid of its map. Its authors' levels are 2 and 3. The whole fit is described here: of
    `training`, `steps` and `batch_size` play no part.
    """

    effort = ("per_position", "spatial", "steps", "batch", "tokens", "iterations")

    name: Literal["prototypes"] = "prototypes"
    """Which detector this is."""
    spatial: List[Annotated[float, Field(ge=0, le=1)]] = (0.0, 0.3)
    """Weights of the spatial cost against the feature cost (α). Each has prototypes of its own at each level, and the
    map is the mean of all. With 0 they are global: where a token is does not matter. With more they are local; with 1,
    features do not matter."""
    per_position: int = Field(1, ge=1, le=256)
    """Prototypes at each position of a level. The authors' code has 16; time grows with it."""
    entropy: float = Field(0.01, gt=0, le=1)
    """Strength of the entropic regularisation of the transport (ε), in the unit of the costs, whose largest is 1."""
    iterations: int = Field(20, ge=1, le=10_000)
    """Sinkhorn iterations for each plan. The authors' code has at most 100."""
    momentum: float = Field(0.95, ge=0, lt=1)
    """Share of its features that a prototype keeps in each step (exponential moving average)."""
    steps: int = Field(100, ge=1, le=1_000_000)
    """Steps of the fit. The authors' code has 50 epochs of as many batches as there are."""
    batch: int = Field(16, ge=1, le=4096)
    """Images of a step; all of them where there are no more. The authors' code has 64."""
    tokens: int | None = Field(1024, ge=1, le=1_000_000)
    """Tokens of a batch, drawn at random, that a step transports; null: all of them, as in the authors' code."""
    image_score: Literal["max", "map"] = inference_field("max")
    """The image's score: the largest value of its map (`max`), or taken from the smoothed map as the `scoring` section
    says (`map`)."""

    @field_validator("spatial")
    @classmethod
    def _distinct(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        if not weights or len(set(weights)) < len(weights):
            raise ValueError(f"spatial must be distinct weights, at least one, but got {list(weights)}")
        return weights


register_detector(PrototypesSettings, "ura_study.detectors.prototypes.levels:Prototypes")
