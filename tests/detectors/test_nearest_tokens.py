import pytest
import torch

from ura_study.detectors.uranet.search import GROUP, largest, nearest


@pytest.mark.parametrize("length", [3, 40, 8 * GROUP, 32 * GROUP - 1, 32 * GROUP, 40 * GROUP + 17])
def test_the_largest_are_those_of_a_full_sort(length):
    """Rows too short for groups, rows of whole groups, and rows with a rest that no group holds."""
    draws = torch.Generator().manual_seed(length)
    values = torch.randn((50, length), generator=draws)
    values[0, -1] = 100.0  # in the rest, where there is one
    count = min(8, length)
    assert largest(values, count).equal(values.sort(dim=1, descending=True).indices[:, :count])


def test_the_largest_may_all_be_in_one_group():
    values = torch.zeros(2, 40 * GROUP)
    values[:, 5 * GROUP : 5 * GROUP + 8] = torch.arange(8.0) + 1
    assert largest(values, 8).equal((5 * GROUP + torch.arange(7, -1, -1)).expand(2, 8))


@pytest.mark.parametrize("keys", [20, 3000])
def test_the_nearest_against_all_distances(keys):
    """The offset of a key, or of a query and a key, is taken off its squared distance; −inf: it is never found."""
    draws = torch.Generator().manual_seed(0)
    query, memory = torch.randn((30, 6), generator=draws), torch.randn((keys, 6), generator=draws)
    offset = torch.rand((30, keys), generator=draws).masked_fill(
        torch.rand((30, keys), generator=draws) < 0.2, -torch.inf
    )
    distance = (query[:, None] - memory).square().sum(dim=2)
    assert nearest(query, memory, offset, 5).equal((distance - offset).sort(dim=1).indices[:, :5])
    assert nearest(query, memory, offset[0], 5).equal((distance - offset[0]).sort(dim=1).indices[:, :5])


def test_fewer_keys_than_asked_for_are_all_found():
    assert sorted(nearest(torch.zeros(1, 2), torch.randn(3, 2), torch.zeros(3), 8)[0].tolist()) == [0, 1, 2]
