"""Tiny feature maps: images of two kinds of normal position, in few channels on a small grid."""

import numpy as np
import pytest
import torch

from ura_study.features.maps import FeatureMaps

CHANNELS, SIDE = 12, 8


def make_maps(images: int, seed: int = 0) -> FeatureMaps:
    """Return maps (images, 12, 8, 8): each position near one of three normal tokens, with correlated noise."""
    rng = np.random.default_rng(seed)
    kinds = np.random.default_rng(99).normal(size=(3, CHANNELS)) * 3
    which = rng.integers(3, size=(images, SIDE, SIDE))
    mixing = np.random.default_rng(98).normal(size=(CHANNELS, CHANNELS)) * 0.2
    noise = rng.normal(size=(images, SIDE, SIDE, CHANNELS)) @ mixing
    values = (kinds[which] + noise + 5).transpose(0, 3, 1, 2).astype(np.float32)
    return FeatureMaps((values,), SIDE)


@pytest.fixture
def train() -> FeatureMaps:
    return make_maps(10)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
