"""PatchCore beside the same in NumPy, token by token."""

from math import exp

import numpy as np
import pytest
import torch

from ura_study.detectors.build import build_detector
from ura_study.detectors.patchcore import memory
from ura_study.detectors.patchcore.config import PatchCoreSettings
from ura_study.detectors.patchcore.memory import nearest_distance, reweighted
from ura_study.features.maps import FeatureMaps


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def feature_maps(images, seed=0, channels=5):
    values = (
        np.random.default_rng(seed).normal(3, 2, (images, channels, 4, 4)) * np.arange(1, channels + 1)[:, None, None]
    )
    return FeatureMaps((values.astype(np.float32),), 4)


def unfitted(train, **settings):
    return build_detector(PatchCoreSettings(name="patchcore", **settings), train.channels, train.map_size)


def fitted(train, **settings):
    detector = unfitted(train, **settings)
    detector.prepare(train, seeded())
    return detector


def tokens_of(maps):
    return maps.layers[0].transpose(0, 2, 3, 1).reshape(len(maps), 16, -1).astype(np.float64)  # (images, N, C)


# Eq. 7. The memory is on a line; the worst token lies at 0, 2 from its nearest, which has neighbours at 3 and 5.
LINE = torch.tensor([[9.0], [3.0], [5.0], [2.0]])


def test_image_score_by_hand():
    worst = torch.tensor([0.0])
    assert reweighted(worst, LINE, 2).item() == pytest.approx(2 * (1 - exp(2) / (exp(2) + exp(3))))
    assert reweighted(worst, LINE, 3).item() == pytest.approx(2 * (1 - exp(2) / (exp(2) + exp(3) + exp(5))))


def test_the_neighbours_are_those_of_the_nearest_memory_token_not_of_the_worst_token():
    memory = torch.tensor([[2.0, 0.0], [4.0, 0.0], [-2.1, 0.0]])  # nearest at 2; -2.1 is near to 0 but not to 2
    expected = 2 * (1 - exp(2) / (exp(2) + exp(4)))
    assert reweighted(torch.zeros(2), memory, 2).item() == pytest.approx(expected)


@pytest.mark.parametrize(("bank", "neighbours"), [(LINE, 1), (LINE[3:], 9), (LINE[3:], 1)])
def test_one_neighbour_is_no_weight(bank, neighbours):
    assert reweighted(torch.tensor([0.0]), bank, neighbours).item() == 2.0


def test_far_tokens_do_not_overflow():
    assert reweighted(torch.tensor([0.0]), 1e4 * LINE, 3).item() == 2e4
    assert reweighted(torch.tensor([0.0]), torch.full((4, 1), 1e4), 4).item() == 0.75e4


@pytest.mark.parametrize("block", [1, 40, 1 << 21])
def test_distances_in_blocks_are_those_at_once(monkeypatch, block):
    monkeypatch.setattr(memory, "BLOCK", block)
    tokens, bank = torch.randn(16, 5, generator=seeded()), torch.randn(33, 5, generator=seeded(1))
    expected = (tokens[:, None].double() - bank.double()).norm(dim=2).amin(dim=1).float()
    torch.testing.assert_close(nearest_distance(tokens, bank), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("selection", ["greedy", "random"])
def test_with_all_tokens_in_memory_it_is_brute_force(selection):
    train, test = feature_maps(7), feature_maps(3, seed=1)
    scores = fitted(train, coreset=1, selection=selection).score(test.batch(slice(None)))
    normal = tokens_of(train).reshape(-1, 5)
    expected = np.linalg.norm(tokens_of(test)[:, :, None] - normal, axis=-1).min(axis=2)
    np.testing.assert_allclose(scores.maps.flatten(1), expected, rtol=1e-3, atol=1e-3)


def test_image_scores_of_all_three_kinds():
    train, test = feature_maps(7), feature_maps(3, seed=1)
    detector = fitted(train, coreset=0.5, neighbours=4)
    normal = detector.memory.double().numpy()
    expected = {"reweighted": [], "max": []}
    for tokens in tokens_of(test):
        distances = np.linalg.norm(tokens[:, None] - normal, axis=-1)
        worst = distances.min(axis=1).argmax()
        anchor = normal[distances[worst].argmin()]
        around = normal[np.linalg.norm(normal - anchor, axis=1).argsort()[:4]]
        spread = np.exp(np.linalg.norm(around - tokens[worst], axis=1)).sum()
        furthest = distances[worst].min()
        expected["reweighted"].append((1 - np.exp(furthest) / spread) * furthest)
        expected["max"].append(furthest)
    for kind, values in expected.items():
        scores = fitted(train, coreset=0.5, neighbours=4, image_score=kind).score(test.batch(slice(None)))
        np.testing.assert_allclose(scores.images, values, rtol=1e-3)
    assert fitted(train, coreset=0.5, image_score="map").score(test.batch(slice(None))).images is None


def test_standardised_channels_have_one_unit():
    train, test = feature_maps(7), feature_maps(3, seed=1)
    scores = fitted(train, coreset=1, standardise=True).score(test.batch(slice(None)))
    normal = tokens_of(train).reshape(-1, 5)
    tokens, normal = tokens_of(test) / normal.std(axis=0), normal / normal.std(axis=0)
    expected = np.linalg.norm(tokens[:, :, None] - normal, axis=-1).min(axis=2)
    np.testing.assert_allclose(scores.maps.flatten(1), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("selection", ["greedy", "random"])
@pytest.mark.parametrize(("share", "kept"), [(0.1, 11), (0.25, 28), (1, 112), (0.001, 1)])
def test_memory_holds_its_share_of_the_training_tokens(share, kept, selection):
    train = feature_maps(7)  # 112 tokens
    bank = fitted(train, coreset=share, selection=selection).memory
    assert bank.shape == (kept, 5)
    normal = {tuple(token) for token in train.layers[0].transpose(0, 2, 3, 1).reshape(-1, 5)}
    assert {tuple(token) for token in bank.numpy()} <= normal


def test_a_memory_of_one_token_scores_by_the_plain_distance():
    train, test = feature_maps(7), feature_maps(3, seed=1)
    detector = fitted(train, coreset=0.001)
    scores = detector.score(test.batch(slice(None)))
    expected = np.linalg.norm(tokens_of(test) - detector.memory.numpy(), axis=-1)
    np.testing.assert_allclose(scores.images, expected.max(axis=1), rtol=1e-5)
    np.testing.assert_allclose(scores.maps.flatten(1), expected, rtol=1e-3)


def test_with_no_more_channels_than_dimensions_nothing_is_projected():
    train = feature_maps(40)  # more than one batch of images
    tokens = unfitted(train, projection=5)._projected(train, seeded())
    np.testing.assert_array_equal(tokens, tokens_of(train).reshape(-1, 5))


def test_a_projection_keeps_distances_approximately():
    train = feature_maps(20, channels=400)
    tokens = unfitted(train, projection=128)._projected(train, seeded())
    assert tokens.shape == (20 * 16, 128)
    ratio = torch.pdist(tokens) / torch.pdist(torch.tensor(tokens_of(train).reshape(-1, 400), dtype=torch.float32))
    assert ratio.mean() == pytest.approx(1, abs=0.05)
    assert ratio.std() < 0.1


def test_same_seed_same_memory_and_another_seed_another():
    train = feature_maps(7)
    first, second, other = fitted(train), fitted(train), unfitted(train)
    other.prepare(train, seeded(1))
    assert torch.equal(first.memory, second.memory)
    assert not torch.equal(first.memory, other.memory)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_stored_memory_of_any_length_scores_the_same(share):
    train, test = feature_maps(7), feature_maps(3, seed=1).batch(slice(None))
    detector, stored = fitted(train, coreset=share, standardise=True), unfitted(train)
    stored.load_state_dict(detector.state_dict())
    first, second = detector.score(test), stored.score(test)
    assert torch.equal(first.maps, second.maps)
    assert torch.equal(first.images, second.images)
