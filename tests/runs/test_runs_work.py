"""Operations to score an image, counted by hand."""

import numpy as np
import pytest
import torch

from ura_study.detectors.patchcore.config import PatchCoreSettings
from ura_study.detectors.patchcore.memory import PatchCore
from ura_study.detectors.scoring_config import ScoringSettings
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
