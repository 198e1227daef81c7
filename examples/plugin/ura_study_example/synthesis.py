"""A kind of synthesis for URA-Net: a region gets the features of another image of the batch.

base: {model: {synthesis: {kind: swap}}}
"""

from typing import Literal

import torch
from torch import Tensor

from ura_study import SynthesisSettings, register_synthesis


class SwapSettings(SynthesisSettings):
    kind: Literal["swap"] = "swap"


@register_synthesis(SwapSettings)
def swap(tokens: Tensor, shares: Tensor, levels: Tensor, settings: SwapSettings, generator: torch.Generator) -> Tensor:
    """Return tokens (B, N, C) mixed with those of the next image, moved to other places, by `shares` (B, N)."""
    places = torch.randperm(tokens.shape[1], generator=generator).to(tokens.device)
    other = tokens.roll(1, dims=0)[:, places]
    amount = (shares * levels[:, None].clamp(max=1))[..., None]
    return tokens + amount * (other - tokens)
