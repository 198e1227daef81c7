from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from ura_study.detectors.prototypes.levels import positions
from ura_study.detectors.prototypes.transport import (
    as_shares,
    balanced,
    feature_cost,
    log_sum,
    spatial_cost,
    transport_plan,
)


def costs(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def by_linear_programming(cost):
    """Return the plan of least cost with uniform marginals."""
    tokens, prototypes = cost.shape
    rows = np.kron(np.eye(tokens), np.ones(prototypes))
    columns = np.kron(np.ones(tokens), np.eye(prototypes))
    marginals = np.concatenate([np.full(tokens, 1 / tokens), np.full(prototypes, 1 / prototypes)])
    return linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=marginals).x.reshape(cost.shape)


def by_definition(cost, entropy, iterations):
    """Return the plan of Sinkhorn's algorithm as written, without logarithms."""
    kernel = np.exp(-cost / entropy)
    v = np.ones(cost.shape[1])
    for _ in range(iterations):
        u = 1 / cost.shape[0] / (kernel @ v)
        v = 1 / cost.shape[1] / (kernel.T @ u)
    return u[:, None] * kernel * v


@pytest.mark.parametrize("entropy", [0.01, 0.1, 1.0])
@pytest.mark.parametrize(("tokens", "prototypes"), [(12, 12), (20, 7), (5, 30), (1, 4), (4, 1)])
def test_both_marginals_are_uniform(tokens, prototypes, entropy):
    plan = transport_plan(costs(tokens, prototypes), entropy, 1000)
    assert plan.min() >= 0
    np.testing.assert_allclose(plan.sum(dim=0), 1 / prototypes, rtol=1e-4)
    np.testing.assert_allclose(plan.sum(dim=1), 1 / tokens, rtol=1e-3)


@pytest.mark.parametrize("iterations", [1, 2, 5, 20])
def test_what_a_prototype_receives_is_exact_after_few_iterations(iterations):
    plan = transport_plan(costs(30, 9), 0.01, iterations)
    np.testing.assert_allclose(plan.sum(dim=0), 1 / 9, rtol=1e-4)


@pytest.mark.parametrize("iterations", [1, 2, 9, 10, 11, 20, 37])
def test_each_iteration_is_that_of_the_plain_algorithm(iterations):
    cost = costs(15, 8)
    expected = by_definition(cost.double().numpy(), 0.1, iterations)
    np.testing.assert_allclose(transport_plan(cost, 0.1, iterations), expected, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize(("tokens", "prototypes"), [(8, 8), (12, 4)])
def test_with_little_entropy_it_is_the_plan_of_linear_programming(tokens, prototypes):
    cost = costs(tokens, prototypes, seed=3)
    expected = by_linear_programming(cost.numpy())
    far, near = (np.abs(transport_plan(cost, e, 2000).numpy() - expected).max() * tokens for e in (0.1, 0.001))
    assert near < 0.02
    assert far > 0.2


def test_costs_that_underflow_without_logarithms_leave_a_plan():
    cost = torch.tensor([[0.5, 0.9], [0.9, 0.7]])  # exp(-0.5 / 0.001) is 0
    with np.errstate(all="ignore"):
        assert np.isnan(by_definition(cost.numpy(), 0.001, 10)).all()
    np.testing.assert_allclose(transport_plan(cost, 0.001, 10), [[0.5, 0], [0, 0.5]], atol=1e-6)


def test_more_entropy_spreads_the_plan():
    cost = costs(10, 10)
    largest = [transport_plan(cost, entropy, 500).max().item() for entropy in (0.01, 0.1, 1.0, 100.0)]
    assert largest == sorted(largest, reverse=True)
    assert largest[-1] == pytest.approx(0.01, rel=0.02)  # the product of the marginals


def test_plans_of_a_batch_are_those_of_each():
    cost = costs(3, 9, 6)
    each = torch.stack([transport_plan(one, 0.01, 50) for one in cost])
    torch.testing.assert_close(transport_plan(cost, 0.01, 50), each)


@pytest.mark.parametrize("dim", [-1, -2])
def test_the_sum_of_exponentials_is_that_of_torch(dim):
    exponents = 1000 * (costs(6, 9) - 0.5)
    torch.testing.assert_close(log_sum(exponents, dim), exponents.logsumexp(dim, keepdim=True))


def test_the_spatial_cost_sends_a_token_to_the_place_where_it_is():
    tokens = torch.tensor([[1.0, 0.1], [1.0, 0.0]])  # at the ends of a line; prototypes alike, but in exchanged places
    prototypes = torch.tensor([[[1.0, 0.0], [1.0, 0.1]]]).expand(2, -1, -1)
    places = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    cost = balanced(feature_cost(tokens, prototypes), spatial_cost(places, places), torch.tensor([0.0, 0.6]))
    globally, locally = 2 * transport_plan(cost, 0.01, 100)
    np.testing.assert_allclose(globally, [[0, 1], [1, 0]], atol=1e-6)
    np.testing.assert_allclose(locally, [[1, 0], [0, 1]], atol=1e-6)


def test_costs_by_hand():
    tokens = torch.tensor([[1.0, 0.0], [3.0, 3.0]])
    prototypes = torch.tensor([[2.0, 0.0], [0.0, 5.0], [-1.0, 0.0]])
    half = 1 - 0.5**0.5
    expected = np.array([[0, 1, 2], [half, half, 2 - half]]) / 2  # 1 - cosine, at most 2
    np.testing.assert_allclose(feature_cost(tokens, prototypes), expected, atol=1e-6)
    apart = spatial_cost(torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([[0.0, 0.0], [1.0, 0.0]]))
    np.testing.assert_allclose(apart, [[0, 0.5**0.5], [1, 0.5**0.5]], atol=1e-6)
    both = balanced(torch.ones(1, 1, 1), torch.full((1, 1), 0.5), torch.tensor([0.3]))
    assert both.item() == pytest.approx(0.7 + 0.15)


def test_the_scale_of_features_is_no_cost():
    tokens, prototypes = costs(5, 3), costs(4, 3, seed=1)
    torch.testing.assert_close(feature_cost(7 * tokens, prototypes / 3), feature_cost(tokens, prototypes))


def test_costs_that_are_all_zero_stay_zero():
    assert as_shares(torch.zeros(2, 3, 3)).tolist() == torch.zeros(2, 3, 3).tolist()
    assert spatial_cost(positions(1), positions(1)).item() == 0
