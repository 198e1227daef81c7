"""Synthesis: normal features are turned into anomalous ones at feature level (statement 2 of the abstract).

Our own choice: masks are thresholded smooth noise at a random scale, some of them ridges and some stretched, close to
the Perlin masks of DRAEM (Zavrtanik et al. 2021); inside a mask each value gets independent Gaussian noise, as in
SimpleNet (Liu et al. 2023), at a level drawn for each image. Edges can be soft: features are averaged over a
neighbourhood of tokens, so the token on the border of a real defect is a mixture. A token is therefore corrupted in
proportion to the share of its neighbourhood that the mask covers, and that share is the target of perception.

Masks, levels and noise are drawn on the CPU, so that they are the same on every device, and then sent to it. What must
be read of them (how many positions a mask covers, which grid its noise has) is read on the CPU: no GPU is waited for.

Legend: B images, N = S·S tokens, C channels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from ura_study.detectors.uranet.synthesis_config import SYNTHESES, SynthesisSettings
from ura_study.features.transfer import sent

#: Grid points along a side of the noise from which masks are thresholded: coarse to fine.
GRIDS = (3, 5, 9, 17)
#: Share of the masks that are ridges (thin and long) instead of blobs.
RIDGES = 0.3
#: Share of the masks whose noise grid is coarser along one side.
STRETCHED = 0.3


def corrupt(
    tokens: Tensor, settings: SynthesisSettings, generator: torch.Generator, part: Tensor | None = None, parts: int = 1
) -> tuple[Tensor, Tensor]:
    """Return corrupted standardised tokens (B, N, C) and the share (B, N), 0..1, to which each is corrupted.

    The range of levels is divided into `parts` of equal logarithmic width; `part` (B,), 0..parts − 1, says from which
    of them the level of each image is drawn.
    """
    count, number, _ = tokens.shape
    side = math.isqrt(number)
    areas = log_uniform(settings.min_area, settings.max_area, count, generator)
    areas = areas * (uniform(count, generator) < settings.share)
    masks = torch.stack([random_mask(side, area, generator) for area in areas.tolist()])
    shares = sent(softened(masks, settings.edge).flatten(1), tokens.device)  # (B, S, S) -> (B, N)
    place = uniform(count, generator) if part is None else (part + uniform(count, generator)) / parts  # (B,), 0..1
    level = sent(settings.strength * settings.spread ** (2 * place - 1), tokens.device)
    return SYNTHESES.get(settings.kind)(tokens, shares, level, settings, generator), shares


def noise(
    tokens: Tensor, shares: Tensor, levels: Tensor, settings: SynthesisSettings, generator: torch.Generator
) -> Tensor:
    """Return tokens (B, N, C) with Gaussian noise of the standard deviation `levels` (B,) × `shares` (B, N)."""
    drawn = sent(torch.randn(tokens.shape, generator=generator), tokens.device).to(tokens.dtype)
    return tokens + drawn * (levels[:, None] * shares)[..., None]


def softened(masks: Tensor, edge: int) -> Tensor:
    """Return the masked share (B, S, S) of the edge × edge neighbourhood of each token, clipped to the grid."""
    return functional.avg_pool2d(masks.float(), edge, stride=1, padding=edge // 2, count_include_pad=False)


def random_mask(side: int, area: float, generator: torch.Generator) -> Tensor:
    """Return a mask (S, S) bool that covers the share `area`: at least one position, unless `area` is 0."""
    covered = max(1, round(area * side * side)) if area > 0 else 0
    field = smooth_noise(side, generator).flatten()
    mask = torch.zeros(side * side, dtype=torch.bool)
    mask[field.topk(covered).indices] = True
    return mask.view(side, side)  # (N,) -> (S, S)


def smooth_noise(side: int, generator: torch.Generator) -> Tensor:
    """Return noise (S, S) whose highest values form a few blobs or ridges."""
    choice = uniform(4, generator).tolist()
    rows = columns = GRIDS[int(choice[0] * len(GRIDS))]
    if choice[1] < STRETCHED:
        rows, columns = (max(2, rows // 3), columns) if choice[2] < 0.5 else (rows, max(2, columns // 3))
    coarse = torch.randn((1, 1, rows, columns), generator=generator)
    field = functional.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=True)[0, 0]
    return -field.abs() if choice[3] < RIDGES else field


def log_uniform(low: float, high: float, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` numbers whose logarithm is uniform."""
    return low * (high / low) ** uniform(count, generator)


def uniform(count: int, generator: torch.Generator) -> Tensor:
    """Return `count` numbers in 0..1."""
    return torch.rand(count, generator=generator)
