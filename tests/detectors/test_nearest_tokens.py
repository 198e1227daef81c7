import pytest
import torch

from ura_study.detectors.uranet.search import GROUPS, largest, nearest

#: Groups of the rows in which eight numbers are sought.
EIGHTS = 8 * GROUPS


@pytest.mark.parametrize("length", [3, 40, EIGHTS, 2 * EIGHTS - 1, 2 * EIGHTS, 40 * EIGHTS + 17, 64 * EIGHTS])
def test_the_largest_are_those_of_a_full_sort(length):
    """Rows too short for groups, rows of whole groups, and rows with a rest that no group holds."""
    draws = torch.Generator().manual_seed(length)
    values = torch.randn((50, length), generator=draws)
    values[0, -1] = 100.0  # in the rest, where there is one
    expected = values.sort(dim=1, descending=True).indices[:, :8]
    assert alike(largest(values, 8), expected)


def test_the_largest_may_all_be_in_one_group():
    values, places = torch.zeros(2, 40 * EIGHTS), 5 + EIGHTS * torch.arange(8)
    values[:, places] = torch.arange(8.0) + 1
    assert alike(largest(values, 8), places.expand(2, 8))


@pytest.mark.parametrize("count", [1, 7, 20])
def test_any_number_of_largest(count):
    values = torch.randn((20, 3000), generator=torch.Generator().manual_seed(0))
    assert alike(largest(values, count), values.topk(count, dim=1).indices)


def test_values_of_lower_precision():
    values = torch.randn((20, 3000), generator=torch.Generator().manual_seed(0)).bfloat16()
    found = values.gather(1, largest(values, 8)).sort(dim=1, descending=True).values
    assert found.equal(values.topk(8, dim=1).values)  # places may differ where values are equal


@pytest.mark.parametrize("keys", [20, 3000])
def test_the_nearest_against_all_distances(keys):
    """The offset of a key, or of a query and a key, is taken off its squared distance; −inf: it is never found."""
    draws = torch.Generator().manual_seed(0)
    query, memory = torch.randn((2, 30, 6), generator=draws), torch.randn((2, keys, 6), generator=draws)
    absent = torch.rand((2, 30, keys), generator=draws) < 0.2
    offset = torch.rand((2, 30, keys), generator=draws).masked_fill(absent, -torch.inf)
    for each, offsets in ((memory, offset), (memory, offset[:, 0]), (memory[:1], offset)):
        distance = (query[:, :, None] - each[:, None]).square().sum(dim=3)
        distance = distance - (offsets if offsets.dim() == 3 else offsets[:, None])
        assert alike(nearest(query, each, offsets, 5), distance.sort(dim=2).indices[..., :5])


def test_fewer_keys_than_asked_for_are_all_found():
    found = nearest(torch.zeros(1, 1, 2), torch.randn(1, 3, 2), torch.zeros(1, 3), 8)
    assert sorted(found.flatten().tolist()) == [0, 1, 2]


def alike(found, expected):
    """Return whether each row holds the same places, in any order."""
    return found.sort(dim=-1).values.equal(expected.sort(dim=-1).values)
