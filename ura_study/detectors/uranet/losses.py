"""The terms of the training loss. The paper's are not known to us; these are our own choice.

Legend: B images, N tokens, Q restored tokens, C channels.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def segmentation_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of logits (B, N) for shares (B, N) in 0..1.

    It is a proper score, so it asks for probabilities as they are. (A Dice term, which segmentation often adds, asks
    for larger ones where anomalies are rare.)
    """
    return functional.binary_cross_entropy_with_logits(logits, target)


def restoration_loss(restored: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return the mean squared distance of restored tokens (B, Q, C) from what they were, over all and over the masked.

    The second mean, weighted by the shares 0..1 of mask (B, Q), keeps the few corrupted tokens from drowning among the
    many normal ones; it is 0 without any.
    """
    distance = (restored - target).square().mean(dim=2)
    corrupted = (distance * mask).sum() / mask.sum().clamp_min(1)
    return distance.mean() + corrupted


def residual(error: Tensor, weights: Tensor) -> Tensor:
    """Return the residual (B, N) of tokens that restoration moved by `error` (B, N, C) (statement 5).

    It is the Euclidean distance with weights (C,) of the channels. (A cosine distance of standardised features means
    little: tokens of a plain background lie near the origin, where the smallest error turns them round.)
    """
    return (error.square() @ weights).sqrt()
