"""From maps on the feature grid to maps of the image's size, and from these to one score per image."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ura_study.detectors.scoring_config import ScoringSettings

#: `ScoringSettings.smoothing` is given for images of this side.
REFERENCE_SIZE = 256


def full_size(maps: Tensor, image_size: int, settings: ScoringSettings) -> Tensor:
    """Return maps (B, S, S), of any side S, as (B, image_size, image_size): bilinear, then smoothed by a Gaussian."""
    large = functional.interpolate(maps[:, None], size=image_size, mode="bilinear", align_corners=False)
    return smooth(large, settings.smoothing * image_size / REFERENCE_SIZE)[:, 0]


def smooth(maps: Tensor, sigma: float) -> Tensor:
    """Return maps (B, 1, H, W) after a Gaussian filter of `sigma` pixels, cut at 3 sigma, mirrored at the border."""
    radius = min(int(3 * sigma + 0.5), min(maps.shape[-2:]) - 1)
    if radius == 0:
        return maps
    distance = torch.arange(-radius, radius + 1, dtype=maps.dtype, device=maps.device)
    kernel = torch.exp(-0.5 * (distance / sigma) ** 2)
    kernel = kernel / kernel.sum()
    padded = functional.pad(maps, (radius,) * 4, mode="reflect")
    down = functional.conv2d(padded, kernel.view(1, 1, -1, 1))
    return functional.conv2d(down, kernel.view(1, 1, 1, -1))


def image_scores(maps: Tensor, settings: ScoringSettings) -> Tensor:
    """Return one score (B,) for each of the maps (B, H, W)."""
    pixels = maps.flatten(1)  # (B, H·W)
    if settings.image_score == "max":
        return pixels.amax(dim=1)
    if settings.image_score == "std":
        return pixels.std(dim=1, correction=0)
    count = max(1, round(settings.top_share * pixels.shape[1]))
    return pixels.topk(count, dim=1).values.mean(dim=1)
