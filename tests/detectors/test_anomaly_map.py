import pytest
import torch
from scipy import ndimage

from ura_study.detectors.anomaly_map import full_size, image_scores, smooth
from ura_study.detectors.scoring_config import ScoringSettings


def test_smoothing_is_a_gaussian_filter(generator):
    maps = torch.randn((2, 1, 40, 50), generator=generator)
    expected = ndimage.gaussian_filter(maps[1, 0].numpy(), 2.0, mode="mirror", truncate=3.0)
    torch.testing.assert_close(smooth(maps, 2.0)[1, 0], torch.from_numpy(expected), atol=1e-5, rtol=0)


def test_no_smoothing_leaves_maps_alone(generator):
    maps = torch.randn((1, 8, 8), generator=generator)
    assert torch.equal(full_size(maps, 8, ScoringSettings(smoothing=0.0)), maps)


@pytest.mark.parametrize("size", [32, 64, 256])
def test_full_size_keeps_level_and_place(size):
    assert torch.allclose(full_size(torch.ones(2, 8, 8), size, ScoringSettings()), torch.ones(2, size, size))
    maps = torch.zeros(1, 8, 8)
    maps[0, 2, 5] = 1
    peak = full_size(maps, size, ScoringSettings())[0].flatten().argmax().item()
    assert (peak // size * 8 // size, peak % size * 8 // size) == (2, 5)


def test_image_scores_by_hand():
    maps = torch.arange(100.0).view(1, 10, 10)
    expected = {"max": 99.0, "top": 98.5, "std": ((100**2 - 1) / 12) ** 0.5}
    for kind, value in expected.items():
        found = image_scores(maps, ScoringSettings(image_score=kind, top_share=0.02))
        torch.testing.assert_close(found, torch.tensor([value]))
