"""Costs between tokens and prototypes, and the entropic transport plan for them.

From the authors' code of PRADOT (see `levels`): both costs, each divided by its largest value; their balance
(1 − α) feature + α spatial; uniform marginals; and Sinkhorn's algorithm (Cuturi 2013) in the log domain.

Our own choice: an iteration in the log domain takes a logarithm of sums of exponentials, which is slow. Between two of
them, `SCALINGS` iterations are done as products with the kernel that they leave, as in the stabilised algorithm of
Schmitzer (2019). All of them approach the same plan.

Legend: T tokens, K prototypes, C channels; … any leading dimensions, for each of which there is a plan.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

#: Iterations as products with one kernel.
SCALINGS = 9
#: Smallest exponent that is told from minus infinity: below lie numbers that a processor is slow with.
LOWEST = -80.0
#: Smallest sum that is divided by. It is only reached by a plan that is still far from its marginals.
LEAST = 1e-30
#: Mode of `torch.cdist` that takes differences: the distance of a place from itself is 0.
EXACTLY = "donot_use_mm_for_euclid_dist"


def feature_cost(tokens: Tensor, prototypes: Tensor) -> Tensor:
    """Return the cosine distances (…, T, K) of (…, T, C) and (…, K, C), divided by the largest: at most 1."""
    similarity = functional.normalize(tokens, dim=-1) @ functional.normalize(prototypes, dim=-1).mT
    return as_shares(1 - similarity)


def spatial_cost(places: Tensor, others: Tensor) -> Tensor:
    """Return the Euclidean distances (T, K) of places (T, 2) and others (K, 2), divided by the largest: 0..1.

    Example:
        >>> spatial_cost(torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 0.0], [0.0, 0.5], [1.0, 0.0]]))
        tensor([[0.0000, 0.5000, 1.0000]])
    """
    return as_shares(torch.cdist(places, others, compute_mode=EXACTLY))


def as_shares(cost: Tensor) -> Tensor:
    """Return costs (…, T, K) divided by the largest of each plan. Where all are 0 they stay 0."""
    return cost / cost.amax(dim=(-2, -1), keepdim=True).clamp_min(torch.finfo(cost.dtype).tiny)


def balanced(feature: Tensor, spatial: Tensor, weight: Tensor) -> Tensor:
    """Return the costs (A, T, K) for weights (A,) of the spatial cost (T, K) against feature costs (A, T, K)."""
    return torch.lerp(feature, spatial, weight[:, None, None])


def transport_plan(cost: Tensor, entropy: float, iterations: int) -> Tensor:
    """Return the plan (…, T, K) of least cost (…, T, K) minus `entropy` times the plan's entropy, approximately.

    Each token sends 1/T and each prototype receives 1/K. The second holds up to rounding after one iteration or more,
    the first only approximately until there are many.

    Example:
        >>> plan = transport_plan(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), entropy=0.01, iterations=10)
        >>> plan.round(decimals=4)
        tensor([[0.5000, 0.0000],
                [0.0000, 0.5000]])
    """
    tokens, prototypes = cost.shape[-2:]
    kernel = cost / -entropy
    received = kernel.new_zeros(*cost.shape[:-2], 1, prototypes)  # log potential of each prototype
    while iterations > 0:
        sent = -log_sum(kernel + received, -1) - math.log(tokens)  # (…, T, 1)
        received = -log_sum(kernel + sent, -2) - math.log(prototypes)  # (…, 1, K)
        plan = (kernel + sent + received).clamp_min_(LOWEST).exp_()
        scalings = min(SCALINGS, iterations - 1)
        rows, columns = scaled(plan, scalings)
        received = received + columns.log()
        iterations -= 1 + scalings
    return plan * rows * columns


def scaled(kernel: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Return factors of rows (…, T, 1) and columns (…, 1, K) that bring a kernel (…, T, K) to its marginals."""
    tokens, prototypes = kernel.shape[-2:]
    rows = kernel.new_ones(*kernel.shape[:-1], 1)
    columns = kernel.new_ones(*kernel.shape[:-2], 1, prototypes)
    for _ in range(iterations):
        rows = 1 / (tokens * (kernel @ columns.mT).clamp_min(LEAST))
        columns = 1 / (prototypes * (rows.mT @ kernel).clamp_min(LEAST))
    return rows, columns


def log_sum(exponents: Tensor, dim: int) -> Tensor:
    """Return the logarithm of the sum of exponentials along a dimension, which is kept with length 1.

    As `torch.logsumexp`, but several times as fast where exponents are far apart.
    """
    largest = exponents.amax(dim=dim, keepdim=True)
    return (exponents - largest).clamp_min_(LOWEST).exp_().sum(dim=dim, keepdim=True).log_() + largest
