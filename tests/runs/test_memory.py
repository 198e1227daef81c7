import numpy as np
import pytest
import torch

from ura_study.detectors.patchcore.config import PatchCoreSettings
from ura_study.detectors.patchcore.memory import PatchCore
from ura_study.features.maps import FeatureMaps
from ura_study.runs.memory import detector_bytes, peak_bytes, start_counting


def test_a_memory_counts_with_what_standardises_it():
    detector = PatchCore(PatchCoreSettings(name="patchcore", coreset=0.25), channels=3, map_size=2)
    assert detector_bytes(detector) == 4 * 3  # std, nothing in memory yet
    train = FeatureMaps((np.random.default_rng(0).random((2, 3, 4, 4), dtype=np.float32),), 4)
    detector.prepare(train, torch.Generator().manual_seed(0))
    assert detector_bytes(detector) == 4 * (3 + 8 * 3)  # a quarter of 2 · 4 · 4 tokens


def test_a_cpu_has_no_peak_of_its_own():
    start_counting(torch.device("cpu"))
    assert peak_bytes(torch.device("cpu")) is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_peak_on_a_gpu_begins_anew():
    device = torch.device("cuda")
    start_counting(device)
    before = peak_bytes(device)
    torch.empty(1 << 24, dtype=torch.uint8, device=device)  # freed at once
    assert peak_bytes(device) >= before + (1 << 24)
    start_counting(device)
    assert peak_bytes(device) < before + (1 << 24)
