from __future__ import annotations

import numpy as np
import pytest
import torch

from ura_study.detectors.build import build_detector
from ura_study.detectors.feature_fader.config import FeatureFADeRSettings
from ura_study.detectors.feature_fader.inpainting import Attenuation, UNet, at_skips, draw_weights
from ura_study.detectors.feature_fader.network import mask, signal
from ura_study.features.maps import FeatureMaps
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

SIDE, CHANNELS = 8, 6
DEFECT = (slice(None), slice(None), slice(2, 5), slice(3, 6))
SETTINGS = {"width": 16, "hidden": 0.06}  # 4 of 64 tokens, fewer than the 9 of the defect


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def feature_maps(images, seed=0):
    """Return maps that two numbers decide, the same ones everywhere in an image: any part of it tells the rest."""
    patterns = np.random.default_rng(9).normal(size=(2, CHANNELS, SIDE, SIDE))
    rng = np.random.default_rng(seed)
    values = np.einsum("ik,kchw->ichw", rng.normal(size=(images, 2)), patterns)
    return FeatureMaps(((values + 0.05 * rng.normal(size=values.shape)).astype(np.float32),), SIDE)


def fitted(train, steps=1, lr=0.01, **settings):
    detector = build_detector(FeatureFADeRSettings(**SETTINGS | settings), train.channels, train.map_size)
    for _ in fit(detector, train, TrainingSettings(steps=steps, lr=lr), 0, torch.device("cpu")):
        pass
    return detector


@pytest.fixture(scope="module")
def trained():
    return fitted(feature_maps(30), steps=150)


def as_set(detector, **settings):
    """Return the detector with other settings of the scoring."""
    other = build_detector(detector.settings.model_copy(update=settings), CHANNELS, SIDE)
    other.load_state_dict(detector.state_dict())
    return other


def normal_and_defective(detector, images=10):
    normal = detector.maps(feature_maps(images, seed=1).batch(slice(None)))
    defective = normal.clone()
    defective[DEFECT] += 3 * torch.randn(normal[DEFECT].shape, generator=seeded())
    return normal, defective


# What the paper claims


@pytest.mark.parametrize("masking", [False, True])
@torch.no_grad()
def test_where_features_are_attenuated_a_defect_is_reconstructed_as_normal(trained, masking):
    normal, defective = normal_and_defective(trained)
    wrong = {}
    for attenuation in (False, True):
        found = as_set(trained, masking=masking, attenuation=attenuation).reconstructed(defective)
        wrong[attenuation] = (found - normal)[DEFECT].square().mean().item()
    assert wrong[True] < 0.5 * wrong[False]


@torch.no_grad()
def test_a_mask_that_covers_a_part_of_a_defect_leaves_the_rest_to_attenuation(trained):
    normal, defective = normal_and_defective(trained)
    rest = mask(defective, trained.settings.hidden)[DEFECT].bool()  # what can be seen of the defect
    assert rest.flatten(1).any(dim=1).all()
    masked = as_set(trained, masking=True)
    opened = as_set(trained, masking=True, attenuation=False)
    errors = ((each.reconstructed(defective) - normal)[DEFECT].square().mean(dim=1) for each in (masked, opened))
    wrong = [error[rest[:, 0]].mean().item() for error in errors]
    assert wrong[0] < 0.5 * wrong[1]


@torch.no_grad()
def test_normal_images_are_reconstructed_as_well_with_attenuation(trained):
    normal, _ = normal_and_defective(trained)
    errors = [
        (as_set(trained, attenuation=each).reconstructed(normal) - normal).square().mean().item()
        for each in (False, True)
    ]
    assert errors[1] < 1.2 * errors[0]
    assert errors[1] < 0.2  # of a variance of 1


@torch.no_grad()
def test_attenuation_is_asked_for_where_the_defect_is(trained):
    _, defective = normal_and_defective(trained)
    visible = mask(defective, 0.0)
    said = trained.unet.decoded(trained.unet.encoded(defective, visible), visible, trained.attenuation)[1]
    finest = said[0].sigmoid()
    inside = torch.zeros_like(finest, dtype=torch.bool)
    inside[DEFECT] = True
    assert finest[inside].mean() > 0.5
    assert finest[~inside].mean() < 0.1


# The fit


def test_attenuation_and_masking_are_settings_of_the_scoring_alone():
    found = [fitted(feature_maps(8), steps=3, attenuation=each, masking=each).state_dict() for each in (False, True)]
    assert all(torch.equal(found[0][key], found[1][key]) for key in found[0])


@pytest.mark.parametrize(("term", "own", "other"), [("reconstruction", 0, 1), ("attenuation", 1, 0)])
def test_neither_network_learns_from_the_others_loss(term, own, other):
    train = feature_maps(8)
    detector = fitted(train, steps=2)
    networks = (detector.unet, detector.attenuation)
    detector.zero_grad()
    detector.losses(train.batch([0, 1, 2]), 0.5, seeded())[term].backward()
    assert all(p.grad is not None for p in networks[own].parameters())
    assert all(p.grad is None for p in networks[other].parameters())


def test_the_first_reconstruction_is_the_mean_token():
    train = feature_maps(8)
    detector = build_detector(FeatureFADeRSettings(**SETTINGS), CHANNELS, SIDE)
    detector.prepare(train, seeded())
    batch = train.batch(slice(None))
    maps = detector.maps(batch)
    torch.testing.assert_close(maps.mean(dim=(0, 2, 3)), torch.zeros(CHANNELS), rtol=0, atol=1e-4)
    torch.testing.assert_close(detector.score(batch).maps, maps.square().mean(dim=1).sqrt())


# The mask


@pytest.mark.parametrize("hidden", [0.0, 0.1, 0.5, 0.99])
def test_a_mask_hides_the_tokens_that_brute_force_finds(hidden):
    maps = torch.randn(2, 3, 6, 6, generator=seeded())
    for image, found in zip(maps, mask(maps, hidden), strict=True):
        around = {
            (y, x): image[:, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].square().mean().item()
            for y in range(6)
            for x in range(6)
        }
        most = sorted(around, key=around.get, reverse=True)[: round(hidden * 36)]
        assert {tuple(place) for place in (found[0] == 0).nonzero().tolist()} == set(most)


@torch.no_grad()
def test_nothing_of_what_is_hidden_reaches_the_reconstruction():
    unet = UNet(3, 4)
    draw_weights(unet, seeded())
    maps = torch.randn(1, 3, 8, 8, generator=seeded())
    visible = torch.ones(1, 1, 8, 8)
    visible[..., 2, 3] = 0
    other = maps.clone()
    other[..., 2, 3] = 9
    assert torch.equal(unet(maps, visible), unet(other, visible))
    assert not torch.equal(unet(maps, torch.ones_like(visible)), unet(other, torch.ones_like(visible)))


# The signal


def test_a_signal_is_that_of_hand():
    normal, found = torch.zeros(1, 2, 1, 3), torch.ones(1, 2, 1, 3)
    defective = torch.tensor([0.0, 3.0, 1.0]).expand_as(normal)  # errors 1, 4 and 0, usually 1
    torch.testing.assert_close(signal(normal, defective, found), torch.tensor([0.0, 3 / 4, 0.0]).view(1, 1, 1, 3))


def test_a_signal_is_0_where_all_is_reconstructed_exactly():
    maps = torch.randn(1, 2, 3, 3, generator=seeded())
    assert torch.equal(signal(maps, maps, maps), torch.zeros(1, 1, 3, 3))


def test_a_signal_has_no_unit():
    maps = torch.randn(3, 2, 4, 5, 5, generator=seeded())
    torch.testing.assert_close(signal(*maps), signal(*(7 * maps)))


# The U-Net


@pytest.mark.parametrize("side", [4, 7, 8, 33])
def test_grids_of_any_side_come_back(side):
    maps, visible = torch.zeros(2, 3, side, side), torch.ones(2, 1, side, side)
    assert UNet(3, 4)(maps, visible).shape == maps.shape


@torch.no_grad()
def test_what_is_attenuated_in_full_is_as_if_it_were_not_there():
    unet, attenuation, visible = UNet(3, 4), Attenuation(4), torch.ones(2, 1, 8, 8)
    draw_weights(unet, seeded())
    levels = unet.encoded(torch.randn(2, 3, 8, 8, generator=seeded()), visible)
    without = [torch.zeros_like(level) for level in levels[:-1]] + levels[-1:]
    for logit, expected in ((-100, levels), (100, without)):
        for layer in attenuation.second:
            layer.weight.zero_()
            layer.bias.fill_(logit)
        found, said = unet.decoded(levels, visible, attenuation)
        assert [each.unique().tolist() for each in said] == [[logit]] * 3
        torch.testing.assert_close(found, unet.decoded(expected, visible)[0])


@torch.no_grad()
def test_a_half_of_a_skip_is_attenuated_where_the_logit_is_0():
    unet, attenuation, visible = UNet(3, 4), Attenuation(4), torch.ones(2, 1, 8, 8)
    draw_weights(unet, seeded())
    levels = unet.encoded(torch.randn(2, 3, 8, 8, generator=seeded()), visible)
    for layer in attenuation.second:
        layer.weight.zero_()
        layer.bias.zero_()
    halves = [level / 2 for level in levels[:-1]] + levels[-1:]
    torch.testing.assert_close(unet.decoded(levels, visible, attenuation)[0], unet.decoded(halves, visible)[0])


def test_maps_are_averaged_over_what_a_place_of_a_skip_covers():
    levels = UNet(3, 4).encoded(torch.zeros(1, 3, 8, 8), torch.ones(1, 1, 8, 8))
    maps = torch.zeros(1, 1, 8, 8)
    maps[..., 0, :2] = 1
    found = at_skips(maps, levels)
    assert [tuple(each.shape[2:]) for each in found] == [(8, 8), (4, 4), (2, 2)]
    assert [each[0, 0, 0, 0].item() for each in found] == [1, 1 / 2, 1 / 8]
