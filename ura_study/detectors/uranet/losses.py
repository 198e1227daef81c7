"""The terms of the training loss. We do not know those of the paper; these are our own choice.

Legend: B images, N tokens, Q restored tokens, C channels.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def segmentation_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of logits (B, N) for target shares (B, N) in 0..1.

    It is a proper scoring rule: the true probabilities minimise it. (A Dice term, which is often added in segmentation,
    favours probabilities that are too large where anomalies are rare.)
    """
    return functional.binary_cross_entropy_with_logits(logits, target)


def restoration_loss(restored: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return the mean squared error of restored tokens (B, Q, C) over all tokens, plus that over the corrupted ones.

    `target` holds the tokens before corruption. The second mean is weighted by the shares 0..1 of mask (B, Q), so that
    the few corrupted tokens count beside the many normal ones; it is 0 if no token is corrupted.
    """
    distance = (restored - target).square().mean(dim=2)
    corrupted = (distance * mask).sum() / mask.sum().clamp_min(1)
    return distance.mean() + corrupted


def residual(error: Tensor, weights: Tensor) -> Tensor:
    """Return the residual (B, N) from `error` (B, N, C), the difference of tokens and their restoration (statement 5).

    It is the Euclidean norm with weights (C,) of the channels. (A cosine distance of standardised features means
    little: tokens of a plain background lie near the origin, where a tiny error can reverse their direction.)
    """
    return (error.square() @ weights).sqrt()
