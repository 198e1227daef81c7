from __future__ import annotations

import numpy as np
import pytest
import torch
from test_reverse_distillation import CHANNELS, SIDES, feature_maps, seeded

from ura_study.detectors.build import build_detector
from ura_study.detectors.noise_fusion.config import NoiseFusionSettings
from ura_study.detectors.noise_fusion.noise import MOST_IMAGES, LocalGaussians, local_gaussians, replaced
from ura_study.detectors.reverse_distillation.network import by_level, unlike
from ura_study.features.maps import FeatureMaps
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

CPU = torch.device("cpu")


def fitted(train, steps=1, lr=2e-3, **settings):
    detector = build_detector(NoiseFusionSettings(blocks=1, **settings), train.channels, train.map_size)
    for _ in fit(detector, train, TrainingSettings(steps=steps, lr=lr), 0, CPU):
        pass
    return detector


@pytest.mark.parametrize("images", [12, 3])
def test_noise_has_mean_and_covariance_of_the_images_at_each_position(images):
    """Also where there are fewer images than channels, and the covariance is singular."""
    maps = torch.randn(images, 5, 4, 4, generator=seeded()) * torch.arange(1.0, 17).view(4, 4)
    drawn = LocalGaussians.of(maps).draw(20_000, seeded(1)).numpy()
    for row, column in ((0, 0), (1, 3)):
        found, given = drawn[:, :, row, column], maps[:, :, row, column].numpy()
        expected, spread = np.cov(given.T), given.std()
        np.testing.assert_allclose(np.cov(found.T), expected, atol=0.05 * spread**2)
        np.testing.assert_allclose(found.mean(axis=0), given.mean(axis=0), atol=0.05 * spread)


def test_noise_is_normal_and_independent_at_each_position():
    drawn = LocalGaussians.of(torch.randn(6, 2, 2, 2, generator=seeded())).draw(20_000, seeded(1))
    standard = (drawn - drawn.mean(dim=0)) / drawn.std(dim=0)
    assert (standard**4).mean(dim=0).sub(3).abs().max() < 0.2
    assert (standard[:, 0, 0, 0] * standard[:, 0, 0, 1]).mean().abs() < 0.03
    assert (standard[:-1] * standard[1:]).mean(dim=0).abs().max() < 0.03


def test_one_image_is_its_own_noise():
    maps = torch.randn(1, 3, 4, 4, generator=seeded())
    torch.testing.assert_close(LocalGaussians.of(maps).draw(2, seeded()), maps.expand(2, -1, -1, -1))


def test_at_most_so_many_images_are_kept():
    for images in (3, 70):
        gaussians = local_gaussians(feature_maps(images), CPU, seeded())
        kept = min(images, MOST_IMAGES)
        shapes = [(side**2, kept, own) for own, side in zip(CHANNELS, SIDES, strict=True)]
        assert [tuple(own.deviations.shape) for own in gaussians] == shapes


def test_the_same_places_of_all_levels_are_replaced():
    train = feature_maps(8)
    levels = train.batch(range(8)).layers
    seen = replaced(levels, local_gaussians(train, CPU, seeded()), 0.3, seeded(2))
    fine, middle, coarse = ((own != maps).all(dim=1) for own, maps in zip(seen, levels, strict=True))
    assert torch.equal(fine, coarse.repeat_interleave(4, 1).repeat_interleave(4, 2))
    assert torch.equal(middle, coarse.repeat_interleave(2, 1).repeat_interleave(2, 2))
    assert not ((seen[0] != levels[0]).any(dim=1) & ~fine).any()
    assert coarse.float().mean().item() == pytest.approx(0.3, abs=0.1)
    assert len(coarse.unique(dim=0)) == 8


@pytest.mark.parametrize("denoise_to", ["teacher", "student"])
def test_the_loss_is_that_of_both_students(denoise_to):
    train = feature_maps(4)
    detector = fitted(train, noise=0, denoise_to=denoise_to)
    levels = train.batch([0, 1]).layers
    terms = detector.losses(train.batch([0, 1]), 0.0, seeded())
    fused = detector.bottleneck.fused(levels)
    first, second = detector.reconstructed(fused, levels), detector.denoised(fused, levels)
    wanted = levels if denoise_to == "teacher" else first
    assert terms["reconstruction"].item() == pytest.approx(by_level(levels, first)["total"].item(), rel=1e-5)
    assert terms["denoising"].item() == pytest.approx(by_level(wanted, second)["total"].item(), rel=1e-5)
    assert terms["total"].item() == pytest.approx((terms["reconstruction"] + terms["denoising"]).item())


@pytest.mark.parametrize("denoise_to", ["teacher", "student"])
def test_the_first_student_does_not_learn_from_the_second(denoise_to):
    train = feature_maps(4)
    detector = fitted(train, denoise_to=denoise_to)
    detector.zero_grad()
    detector.losses(train.batch([0, 1]), 0.0, seeded())["denoising"].backward()
    first = (*detector.student.parameters(), *detector.bottleneck.stage.parameters())
    assert all(weight.grad is None for weight in first)
    learning = (detector.denoiser, detector.embedding, detector.bottleneck.paths)
    assert all(weight.grad.abs().max() > 0 for part in learning for weight in part.parameters())


def test_the_map_is_of_the_mean_of_both_students():
    train = feature_maps(3)
    detector = fitted(train).eval()
    levels = train.batch([0]).layers
    fused = detector.bottleneck.fused(levels)
    pairs = zip(detector.reconstructed(fused, levels), detector.denoised(fused, levels), strict=True)
    assert all(map(torch.equal, detector.restored(levels), [(a + b) / 2 for a, b in pairs]))


def test_without_noise_it_starts_as_with_it():
    train = feature_maps(4)
    with_noise, without = (
        build_detector(NoiseFusionSettings(noise=noise), train.channels, train.map_size) for noise in (0.2, 0)
    )
    with_noise.prepare(train, seeded())
    without.prepare(train, seeded())
    assert all(map(torch.equal, with_noise.state_dict().values(), without.state_dict().values()))


def colours(images):
    """Levels of images that are one colour everywhere, so that what noise hides is seen beside it."""
    drawn, fixed = np.random.default_rng(0).normal(size=(images, 4)), np.random.default_rng(9)
    each = [drawn @ fixed.normal(size=(4, 6)) for _ in SIDES]
    layers = (np.tile(own[..., None, None], (side, side)) for own, side in zip(each, SIDES, strict=True))
    return FeatureMaps(tuple(maps.astype(np.float32) for maps in layers), 8)


def test_the_second_student_learns_to_see_through_noise():
    """Of noisy levels it gives back more nearly those without than if it was trained without noise."""
    train = colours(40)
    levels = train.batch(range(40)).layers
    seen = replaced(levels, local_gaussians(train, CPU, seeded()), 0.3, seeded(5))

    def error(noise):
        detector = fitted(train, 100, noise=noise, lr=4e-3).eval()
        with torch.no_grad():
            return sum(map(unlike, levels, detector.denoised(detector.bottleneck.fused(seen), seen))).item()

    assert error(0.3) < 0.9 * error(0)


def test_trained_it_gives_normal_maps_back_and_not_anomalous_ones():
    train, test = feature_maps(80), feature_maps(6, seed=1)
    detector = fitted(train, 150)
    normal = detector.score(test.batch(slice(None))).maps
    odd = [layer.copy() for layer in test.layers]
    for layer, place in zip(odd, (slice(8, 12), slice(4, 6), slice(2, 3)), strict=True):
        layer[:, :, place, place] *= -1
    found = detector.score(FeatureMaps(tuple(odd), 8).batch(slice(None))).maps
    there = found[:, 4:6, 4:6].mean(dim=(1, 2))
    assert (there > 1.5 * normal[:, 4:6, 4:6].mean(dim=(1, 2))).all()


def test_it_must_be_prepared():
    train = feature_maps(2)
    with pytest.raises(RuntimeError, match=r"^the detector must be prepared before it scores$"):
        build_detector(NoiseFusionSettings(), train.channels, 8).score(train.batch([0]))
