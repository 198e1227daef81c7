"""Operations to score an image, counted by hand."""

import numpy as np
import pytest
import torch

from ura_study.detectors.patchcore.config import PatchCoreSettings
from ura_study.detectors.patchcore.memory import PatchCore
from ura_study.detectors.scoring_config import ScoringSettings
from ura_study.detectors.uniad.config import UniADSettings
from ura_study.detectors.uniad.network import UniAD
from ura_study.features.maps import FeatureMaps
from ura_study.runs.stages.work import scoring_flops

CPU = torch.device("cpu")
SIDE, CHANNELS, MEMORY = 4, 6, 10
PRODUCT = 2 * SIDE**2 * CHANNELS * MEMORY  # tokens × memory
DISTANCES = 2 * 3 * CHANNELS * MEMORY  # of the worst token, and of the nearest of the memory
KERNEL = 2 * int(3 * 4.0 * 32 / 256 + 0.5) + 1  # smoothing of 4 pixels at 256, cut at three of them
SMOOTHING = 2 * KERNEL * ((32 + KERNEL - 1) * 32 + 32 * 32)  # down, over what is mirrored too, and across


@pytest.mark.parametrize(
    ("options", "smoothing", "flops"),
    [
        ({"image_score": "map"}, 0.0, PRODUCT),
        ({"image_score": "map"}, 4.0, PRODUCT + SMOOTHING),
        ({"image_score": "reweighted"}, 0.0, PRODUCT + DISTANCES),
    ],
)
def test_by_hand(options, smoothing, flops):
    detector = PatchCore(PatchCoreSettings(**options), CHANNELS, SIDE)
    detector.memory = torch.rand(MEMORY, CHANNELS)
    images = FeatureMaps((np.random.default_rng(0).random((3, CHANNELS, SIDE, SIDE), dtype=np.float32),), SIDE)
    assert scoring_flops(detector, images, ScoringSettings(smoothing=smoothing), 32, CPU) == flops


@pytest.mark.parametrize("neighbourhood", [0, 1])
def test_those_of_attention_by_hand(neighbourhood):
    """PyTorch has several ways to compute attention; its counter does not know that of the CPU."""
    detector = UniAD(UniADSettings(width=16, depth=1, heads=2, neighbourhood=neighbourhood), CHANNELS, SIDE)
    images = FeatureMaps((np.random.default_rng(0).random((3, CHANNELS, SIDE, SIDE), dtype=np.float32),), SIDE)
    detector.prepare(images, torch.Generator().manual_seed(0))
    linear = 2 * CHANNELS * 16 + 3 * 4 * 16 * 16 + 2 * 2 * 16 * 64  # three attentions, two feed-forward networks
    attention = 3 * 2 * 16 * SIDE**2  # queries times keys, and weights times values
    found = scoring_flops(detector, images, ScoringSettings(smoothing=0.0), 32, CPU)
    assert found == 2 * SIDE**2 * (linear + attention)
