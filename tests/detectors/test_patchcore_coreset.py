import pytest
import torch

from ura_study.detectors.patchcore import coreset
from ura_study.detectors.patchcore.coreset import greedy_coreset


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def one_by_one(tokens, count, generator):
    """The same choice as the paper's Algorithm 1 states it: all tokens are compared after each one taken."""
    taken = [torch.randint(len(tokens), (1,), generator=generator).item()]
    distance = (tokens - tokens[taken[0]]).square().sum(dim=1)
    while len(taken) < count:
        taken.append(distance.argmax().item())
        distance = torch.minimum(distance, (tokens - tokens[taken[-1]]).square().sum(dim=1))
    return taken


@pytest.mark.parametrize(
    ("tokens", "count", "listed"), [(3000, 300, 16), (3000, 300, 500), (500, 499, 64), (40, 40, 8192)]
)
def test_greedy_choice_is_the_one_made_one_by_one(monkeypatch, tokens, count, listed):
    monkeypatch.setattr(coreset, "CANDIDATES", listed)
    monkeypatch.setattr(coreset, "BLOCK", 7000)
    points = torch.randn((tokens, 6), generator=seeded(), dtype=torch.float64)
    assert greedy_coreset(points, count, seeded(1)).tolist() == one_by_one(points, count, seeded(1))


def test_greedy_covers_better_than_chance():
    points = torch.randn((4000, 4), generator=seeded())
    greedy = points[greedy_coreset(points, 100, seeded(1))]
    chance = points[torch.randperm(4000, generator=seeded(2))[:100]]
    assert torch.cdist(points, greedy).amin(dim=1).max() < 0.7 * torch.cdist(points, chance).amin(dim=1).max()


def test_more_than_there_are_takes_each_once_also_among_equals():
    points = torch.tensor([[0.0], [1.0], [1.0], [5.0]])
    assert sorted(greedy_coreset(points, 10, seeded()).tolist()) == [0, 1, 2, 3]
