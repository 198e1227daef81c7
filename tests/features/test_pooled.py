import numpy as np
import pytest
import torch
from pretended_gpu import PretendedGPU

from ura_study.features import maps as module
from ura_study.features.maps import FeatureMaps

CPU = torch.device("cpu")


@pytest.fixture
def maps():
    draws = np.random.default_rng(0)
    layers = tuple(draws.standard_normal((9, c, s, s)).astype(np.float16) for c, s in ((3, 20), (5, 7)))
    return FeatureMaps(layers, 8, neighbourhood=3).subset([8, 1, 5, 2, 0])


@pytest.fixture
def pooled(monkeypatch):
    """List how many images are pooled at a time."""
    counts, real = [], FeatureMaps.on_grid

    def counted(self, layers):
        counts.append(len(layers[0]))
        return real(self, layers)

    monkeypatch.setattr(FeatureMaps, "on_grid", counted)
    return counts


def test_each_image_is_pooled_once_with_the_same_result(maps, pooled):
    once = maps.pooled_once()
    for index, computed in (([3, 1], 2), ([1, 4, 1], 1), (slice(None), 2), ([0, 2, 2], 0), ([], 0)):
        del pooled[:]
        found = once.batch(index).features
        assert sum(pooled) == computed
        assert torch.equal(found, maps.batch(index).features)


def test_what_is_returned_may_be_altered(maps):
    once = maps.pooled_once()
    once.batch([0]).features.zero_()
    assert torch.equal(once.batch([0]).features, maps.batch([0]).features)


def test_what_was_asked_for_without_gradients_can_be_trained_on(maps):
    once = maps.pooled_once()
    with torch.inference_mode():
        once.batch([0, 1]).features  # noqa: B018
    weight = torch.ones(8, requires_grad=True)
    for index in ([0, 1], [1, 2]):
        (once.batch(index).features * weight).sum().backward()
    expected = maps.batch([0, 1, 1, 2]).features.sum(dim=(0, 1, 2))
    torch.testing.assert_close(weight.grad, expected)


def test_a_part_of_the_images_is_pooled_for_itself(maps):
    once = maps.pooled_once()
    once.batch(slice(None)).features  # noqa: B018
    assert torch.equal(once.subset([4, 3]).batch([0]).features, maps.batch([4]).features)


def test_what_takes_too_much_memory_is_pooled_each_time(maps, pooled, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 5 * 8 * 8 * 8 * 4 - 1)
    once = maps.pooled_once()
    assert [len(once.batch([0]).features) for _ in range(2)] == [1, 1]
    assert pooled == [1, 1]
    monkeypatch.setattr(module, "MOST_BYTES", 5 * 8 * 8 * 8 * 4)
    assert maps.pooled_once().pooled is not None


def test_a_gpu_keeps_its_own_and_nothing_waits_for_it(maps):
    once = maps.pooled_once()
    with PretendedGPU():
        for index in ([0, 1], [1, 2], [2, 1]):
            assert once.batch(index, "cuda").features.device.type == "cuda"
        assert torch.equal(once.batch([1], CPU).features, maps.batch([1]).features)
