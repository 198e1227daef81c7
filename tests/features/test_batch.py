"""What a detector may ask of a batch."""

import dataclasses

import numpy as np
import pytest
import torch
from datasets import make_maps

from ura_study.data.images import load_image
from ura_study.data.layouts.mvtec_ad import read
from ura_study.data.preprocessing import Preprocessing
from ura_study.features import maps as maps_module
from ura_study.features.cached import feature_maps
from ura_study.features.config import FeatureSettings

CPU, HOW = torch.device("cpu"), Preprocessing(64)


@pytest.fixture
def samples(mvtec_root):
    return read(mvtec_root, "nut").train


@pytest.fixture
def train(samples):
    return feature_maps(samples, FeatureSettings(map_size=8, precision="float32"), HOW, CPU)


def test_layers_are_at_their_own_resolution_and_features_on_the_grid(train):
    batch = train.batch([1, 3])
    assert [layer.shape[2] for layer in batch.layers] == [16, 8, 4]
    assert batch.features.shape == (2, sum(train.layer_channels), 8, 8)
    np.testing.assert_array_equal(batch.layers[0], train.layers[0][[1, 3]])
    assert len(batch) == 2


def test_pixels_are_those_the_backbone_saw_and_give_the_same_features(train, samples):
    batch = train.subset([4, 2]).batch([1])
    assert batch.indices == [1]
    np.testing.assert_array_equal(batch.images[0], load_image(samples[2].path, HOW))
    again = train.on_grid(batch.through_backbone(batch.images))
    torch.testing.assert_close(again, batch.features, rtol=1e-4, atol=1e-4)
    assert torch.equal(batch.features_of(batch.images), again)
    assert not torch.allclose(batch.features_of(255 - batch.images), batch.features, atol=0.1)


def test_nothing_is_computed_that_nobody_asks_for(train, monkeypatch):
    batch = train.batch([0])
    monkeypatch.setattr(maps_module, "to_grid", lambda *arguments: pytest.fail("features were made"))
    assert len(batch.layers) == 3


def test_labels_of_several_categories_follow_the_images(train):
    labelled = dataclasses.replace(train, labels=np.array([0, 0, 1, 1, 2, 2]))
    assert labelled.subset([5, 0, 3]).batch([0, 2]).labels.tolist() == [2, 1]
    assert train.batch([0, 5]).labels.tolist() == [0, 0]


def test_companions_are_of_the_same_category(train):
    labelled = dataclasses.replace(train, labels=np.array([0, 0, 1, 1, 2, 1])).subset([5, 0, 3, 1, 2])  # 1, 0, 1, 0, 1
    draws = torch.Generator().manual_seed(0)
    drawn = [labelled.batch([0, 3, 2]).companions(draws).indices for _ in range(60)]
    assert [set(indices) for indices in zip(*drawn, strict=True)] == [{0, 2, 4}, {1, 3}, {0, 2, 4}]
    batch = labelled.batch([1, 2]).companions(draws)
    np.testing.assert_array_equal(batch.layers[0], labelled.layers[0][labelled.chosen[batch.indices]])
    alone = [train.batch([0]).companions(draws).indices[0] for _ in range(60)]
    assert set(alone) == set(range(6))
    first, again = (train.batch([0, 1, 2]).companions(torch.Generator().manual_seed(3)).indices for _ in range(2))
    assert first == again


def test_arrays_alone_have_neither_pixels_nor_a_backbone():
    batch = dataclasses.replace(make_maps(2), source=None).batch([0])
    for ask in (lambda: batch.images, lambda: batch.through_backbone(torch.zeros(1, 8, 8, 3, dtype=torch.uint8))):
        with pytest.raises(RuntimeError, match="without images and backbone"):
            ask()
