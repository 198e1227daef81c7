from __future__ import annotations

import pytest
import torch
from datasets import write_category
from test_reverse_distillation import feature_maps, seeded

from ura_study.data.layouts.mvtec_ad import read
from ura_study.data.preprocessing import Preprocessing
from ura_study.detectors.build import build_detector
from ura_study.detectors.mrkd.config import MRKDSettings
from ura_study.detectors.pieces import moved_about
from ura_study.detectors.reverse_distillation.config import ReverseDistillationSettings
from ura_study.detectors.reverse_distillation.network import unlike
from ura_study.features.cached import feature_maps as cached_maps
from ura_study.features.config import FeatureSettings
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

CPU = torch.device("cpu")


def fitted(train, settings=None, seed=0, steps=1, lr=2e-3):
    settings = settings or MRKDSettings(image_masking=False)
    detector = build_detector(settings, train.channels, train.map_size)
    for _ in fit(detector, train, TrainingSettings(steps=steps, lr=lr), seed, CPU):
        pass
    return detector


@pytest.fixture
def photographs(tmp_path):
    """Feature maps that come with their images and the backbone."""
    write_category(tmp_path, "nut", train=12, seed=1)
    samples = read(tmp_path, "nut").train
    return cached_maps(samples, FeatureSettings(map_size=8), Preprocessing(64), CPU)


def test_the_stated_share_of_positions_is_hidden_in_all_channels():
    detector = fitted(feature_maps(3))
    shown = detector._shown(torch.zeros(40, 6, 30, 30), seeded())
    assert shown.shape == (40, 1, 30, 30)
    assert set(shown.unique().tolist()) == {0.0, 1.0}
    assert 1 - shown.mean().item() == pytest.approx(0.2, abs=0.01)
    nothing = fitted(feature_maps(3), MRKDSettings(image_masking=False, feature_masking=0))
    assert nothing._shown(torch.zeros(2, 6, 9, 9), seeded()).min() == 1


def test_a_head_sees_nothing_of_what_is_hidden():
    train = feature_maps(3)
    detector = fitted(train)
    detector.eval()
    levels = train.batch([0]).layers
    shown = [torch.ones(1, 1, *maps.shape[2:]) for maps in levels]
    shown[0][..., 5:8, 5:8] = 0
    inner = []
    detector.heads[0].register_forward_pre_hook(lambda _, inputs: inner.append(inputs[0]))
    detector.restored(levels, shown)
    assert inner[0][..., 5:8, 5:8].abs().max() == 0
    assert inner[0][..., :5, :].abs().max() > 0


def test_masked_images_are_restored(photographs):
    """Of images with moved pieces, the student gives back more nearly the whole image than plain distillation does."""
    masked = fitted(photographs, MRKDSettings(blocks=1), steps=60)
    plain = fitted(photographs, ReverseDistillationSettings(blocks=1), steps=60)
    untrained = fitted(photographs, MRKDSettings(blocks=1), lr=1e-9)
    batch = photographs.batch(range(12))
    altered = batch.through_backbone(moved_about(batch.images, 3, seeded(5)))

    def error(detector):
        detector.eval()
        with torch.no_grad():
            return sum(unlike(a, b) for a, b in zip(batch.layers, detector.restored(altered), strict=True)).item()

    assert error(masked) < error(plain)
    assert error(masked) < error(untrained) / 2


def test_hidden_positions_cost_less_where_that_was_learned():
    train = feature_maps(40)
    masked, plain = (
        fitted(train, MRKDSettings(blocks=1, image_masking=False, feature_masking=share), steps=150)
        for share in (0.2, 0)
    )
    batch = train.batch(range(40))
    hidden = [masked._shown(maps, seeded(5)) for maps in batch.layers]

    def error(detector, shown):
        detector.eval()
        with torch.no_grad():
            given = detector.restored(batch.layers, shown)
            return sum(unlike(a, b) for a, b in zip(batch.layers, given, strict=True)).item()

    costs = [error(detector, hidden) - error(detector, None) for detector in (masked, plain)]
    assert 0 < costs[0] < 0.85 * costs[1]


def test_pieces_are_drawn_by_the_seed_alone(photographs):
    torch.manual_seed(torch.seed())  # the global generator must not matter
    first, second = (fitted(photographs, MRKDSettings(blocks=1), steps=2).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_image_masking_needs_images():
    train = feature_maps(3)
    with pytest.raises(RuntimeError, match=r"^these feature maps came without images and backbone$"):
        fitted(train, MRKDSettings())
