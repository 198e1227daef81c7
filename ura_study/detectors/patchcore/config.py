"""The `model` section of a variant with `name: patchcore`: the nearest-neighbour baseline."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ura_study.detectors.config import DetectorSettings, register_detector
from ura_study.settings import inference_field


class PatchCoreSettings(DetectorSettings):
    """PatchCore (Roth et al., CVPR 2022): distance to the nearest of a coreset of normal tokens. Nothing is trained.

    Which features it sees stands in the variant's `features` section; the paper's are levels 2 and 3 on the grid of
    level 2, averaged over 3 × 3. An ablation that adds the published method to a study of three levels is
    `{grid: {features.layers: [[2, 3]], model: [{name: patchcore}]}}`.
    """

    effort = ("selection", "coreset")

    name: Literal["patchcore"] = "patchcore"
    """Which detector this is."""
    coreset: float = Field(0.1, gt=0, le=1)
    """Share of all training tokens that the memory keeps, rounded, at least one. The paper has 25 %, 10 % and 1 %."""
    selection: Literal["greedy", "random"] = "greedy"
    """How they are chosen: `greedy` takes the token farthest from those taken so far, `random` draws them evenly."""
    projection: int = Field(128, ge=1, le=4096)
    """Dimensions of the random projection in which the greedy choice measures distances; with no more channels than
    that there is none. The paper says only that it is random and linear; 128 is its authors' code's."""
    standardise: bool = False
    """Whether each channel is divided by its standard deviation over all training tokens, which the paper does not."""
    neighbours: int = inference_field(9, ge=1, le=1000)
    """Memory tokens around the nearest one, itself included, that re-weight the image's score (the paper's b). With one
    there is nothing to weigh against: the score is the largest distance."""
    image_score: Literal["reweighted", "max", "map"] = inference_field("reweighted")
    """The image's score: the largest distance of its tokens, re-weighted (Eq. 7) or as it is (`max`), or taken from the
    smoothed map as the `scoring` section says (`map`)."""

    @property
    def oracle(self) -> bool:
        """Whether scoring is told the true masks: never."""
        return False


register_detector(PatchCoreSettings, "ura_study.detectors.patchcore.memory:PatchCore")
