import numpy as np
import pytest
import torch

from ura_study.detectors.build import build_detector
from ura_study.detectors.knn import coreset
from ura_study.detectors.knn.config import KNNSettings
from ura_study.detectors.knn.coreset import greedy_coreset
from ura_study.features.maps import FeatureMaps


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
    monkeypatch.setattr(coreset, "BLOCK", 700)
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


def feature_maps(images, seed=0):
    return FeatureMaps((np.random.default_rng(seed).normal(3, 2, (images, 5, 4, 4)).astype(np.float32),), 4)


def fitted(train, **settings):
    detector = build_detector(KNNSettings(name="knn", **settings), train.channels, train.map_size)
    detector.prepare(train, seeded())
    return detector


def standardised(maps, like):
    tokens = like.layers[0].transpose(0, 2, 3, 1).reshape(-1, 5).astype(np.float64)
    return (maps.layers[0].transpose(0, 2, 3, 1).reshape(len(maps), -1, 5) - tokens.mean(0)) / tokens.std(0)


@pytest.mark.parametrize("choice", ["greedy", "random"])
def test_with_all_tokens_in_memory_it_is_brute_force(choice):
    train, test = feature_maps(7), feature_maps(3, seed=1)
    scores = fitted(train, memory=10_000, coreset=choice, reweighting=0).score(test.batch(slice(None)))
    normal = standardised(train, train).reshape(-1, 5)
    tokens = standardised(test, train)  # (3, 16, 5)
    expected = np.linalg.norm(tokens[:, :, None] - normal, axis=-1).min(axis=2)
    np.testing.assert_allclose(scores.maps.flatten(1), expected, rtol=1e-3, atol=1e-3)
    assert scores.images is None


def test_image_score_is_reweighted_as_in_the_paper():
    train, test = feature_maps(7), feature_maps(3, seed=1)
    scores = fitted(train, memory=10_000, reweighting=4).score(test.batch(slice(None)))
    normal = standardised(train, train).reshape(-1, 5)
    for tokens, score in zip(standardised(test, train), scores.images, strict=True):
        distances = np.linalg.norm(tokens[:, None] - normal, axis=-1)
        worst = distances.min(axis=1).argmax()
        anchor = normal[distances[worst].argmin()]
        around = normal[np.linalg.norm(normal - anchor, axis=1).argsort()[:4]]
        spread = np.exp(np.linalg.norm(around - tokens[worst], axis=1)).sum()
        expected = (1 - np.exp(distances[worst].min()) / spread) * distances[worst].min()
        assert score.item() == pytest.approx(expected, rel=1e-3)


def test_memory_has_its_budget_and_holds_training_tokens():
    train = feature_maps(7)
    detector = fitted(train, memory=20)
    normal = torch.tensor(standardised(train, train).reshape(-1, 5), dtype=torch.float32)
    assert detector.memory.shape == (20, 5)
    assert torch.cdist(detector.memory, normal).amin(dim=1).max() < 1e-2


def test_same_seed_same_memory():
    train = feature_maps(7)
    assert torch.equal(fitted(train, memory=20).memory, fitted(train, memory=20).memory)
