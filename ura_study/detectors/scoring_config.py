"""The `scoring` section of a variant: from anomaly maps on the feature grid to full-size maps and image scores."""

from __future__ import annotations

from typing import Literal

from ura_study.settings import Settings, inference_field

#: Images scored at once.
BATCH = 8


class ScoringSettings(Settings):
    """How maps are smoothed and reduced to one number per image. The same for every detector."""

    smoothing: float = inference_field(4.0, ge=0, le=32)
    """Standard deviation of the Gaussian filter in pixels of an image of side 256 (0: none); grows with the image."""
    image_score: Literal["top", "max", "std"] = inference_field("top")
    """The image's score: mean of the map's highest `top_share`, its maximum, or its standard deviation."""
    top_share: float = inference_field(0.01, gt=0, le=1)
    """Share of the pixels that `top` averages."""
